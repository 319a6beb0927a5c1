#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/baselines/program.hpp"
#include "bitlaw/studies/study_figures.hpp"

namespace bitlaw::studies {

using namespace baselines;

namespace {

constexpr std::uint64_t kMostPictureBytes = 1 << 26;

// The first line with words of a program's output, in printable characters.
std::string first_words(const std::filesystem::path& log) {
    const Bytes bytes = read_file(log, kMostPictureBytes);
    std::string line;
    for (const std::uint8_t byte : bytes) {
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

std::vector<std::filesystem::path> draw_figures(const std::vector<StudyFigure>& figures,
                                                const std::filesystem::path& folder) {
    make_folder(folder);
    std::error_code error;
    // What an earlier report drew must not stand beside this one's pictures.
    for (const char* name : {"rate", "adjusted", "flops", "optimum", "residuals", "isoflop"}) {
        for (const char* suffix : {".gp", ".svg"}) {
            std::filesystem::remove(folder / (std::string(name) + suffix), error);
        }
    }
    std::vector<std::filesystem::path> paths;
    // The scripts write into the current folder, which is the shell's own.
    const ScratchFolder scratch;
    for (const StudyFigure& figure : figures) {
        const std::string script = figure.name + ".gp";
        write_file(folder / script, figure.script);
        write_file(scratch.path() / script, figure.script);
        const ProgramRun run = run_program(
            "cd " + shell_word(scratch.path().string()) + " && gnuplot " + script + " >log 2>&1", [] {});
        const std::filesystem::path picture = scratch.path() / (figure.name + ".svg");
        paths.push_back(folder / (figure.name + ".svg"));
        if (run.exit_code != 0 || !std::filesystem::exists(picture)) {
            fail("gnuplot could not draw ", paths.back().string(), " (exit code ", run.exit_code,
                 "): ", first_words(scratch.path() / "log"),
                 "; without gnuplot: apt-get install gnuplot-nox");
        }
        write_file(paths.back(), read_file(picture, kMostPictureBytes));
    }
    return paths;
}

}  // namespace bitlaw::studies
