#include "bitlaw/baselines/gnuplot.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/baselines/program.hpp"

namespace bitlaw::baselines {
namespace {

constexpr std::uint64_t kMaxPictureBytes = 100'000'000;

// The first line with words of a program's output, in printable characters.
std::string first_words(const std::filesystem::path& log) {
    std::string line;
    for (const std::uint8_t byte : read_file(log, kMaxPictureBytes)) {
        const bool is_printable = byte >= 0x20 && byte != 0x7f;
        if (is_printable && (byte != ' ' || !line.empty())) {
            line += static_cast<char>(byte);
        } else if (byte == '\n' && !line.empty()) {
            break;
        }
    }
    return line.empty() ? "it said nothing" : line;
}

}  // namespace

void draw_picture(const TextFiles& files, const std::string& picture, const std::filesystem::path& svg,
                  const std::function<void()>& watch) {
    // Scripts write into the current folder, which is the shell's own.
    const ScratchFolder scratch;
    for (const auto& [name, text] : files) {
        write_file(scratch.path() / name, text);
    }
    const ProgramRun run = run_program("cd " + shell_word(scratch.path().string()) + " && exec gnuplot " +
                                           shell_word(files.back().first) + " >log 2>&1",
                                       watch);
    if (run.exit_code != 0 || !std::filesystem::exists(scratch.path() / picture)) {
        fail("gnuplot could not draw ", svg.string(), " (exit code ", run.exit_code,
             "): ", first_words(scratch.path() / "log"), "; without gnuplot: apt-get install gnuplot-nox");
    }
    write_file(svg, read_file(scratch.path() / picture, kMaxPictureBytes));
}

}  // namespace bitlaw::baselines
