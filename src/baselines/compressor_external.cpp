#include <atomic>
#include <system_error>

#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/baselines/program.hpp"
#include "compressors.hpp"

namespace bitlaw::baselines {

using namespace datasets;

namespace {

/// Most bytes that are read of what a program wrote.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 34;

constexpr const char* kIn = "{in}";
constexpr const char* kOut = "{out}";

std::string replaced(std::string command, const std::string& mark, const std::string& path) {
    const std::string word = shell_word(path);
    for (std::size_t at = command.find(mark); at != std::string::npos;
         at = command.find(mark, at + word.size())) {
        command.replace(at, mark.size(), word);
    }
    return command;
}

void check_marks(const std::string& name, const std::string& command) {
    if (name.empty() || command.find(kIn) == std::string::npos || command.find(kOut) == std::string::npos) {
        fail_usage("'", name, "=", command,
                   "' must be NAME=COMMAND with {in} and {out} for the files' paths");
    }
}

// Gives `input` to the command as a file and returns the file that it wrote.
Bytes run(const std::string& command, ByteSpan input, const CompressorWatch& watch,
          std::atomic<std::uint64_t>& peak_memory) {
    const ScratchFolder folder;
    const std::filesystem::path in = folder.path() / "in";
    const std::filesystem::path out = folder.path() / "out";
    write_file(in, input);
    watch(0);
    const std::string line = replaced(replaced(command, kIn, in.string()), kOut, out.string());
    const ProgramRun done = run_program(line, [&] { watch(0); });
    if (done.exit_code != 0) {
        fail("'", command, "' ended with exit code ", done.exit_code, "; try it by hand on a file");
    }
    std::error_code error;
    if (!std::filesystem::is_regular_file(out, error)) {
        fail("'", command, "' wrote no file {out}; try it by hand on a file");
    }
    watch(input.size());
    peak_memory = std::max(peak_memory.load(), done.peak_memory);
    return read_file(out, kMostBytes);
}

}  // namespace

Compressor external_compressor(const std::string& name, const std::string& command,
                               const std::optional<std::string>& restore_command) {
    check_marks(name, command);
    const auto peak_memory = std::make_shared<std::atomic<std::uint64_t>>(0);
    Compressor external{
        .key = name,
        .name = name,
        .settings = restore_command ? command + "; " + *restore_command : command + "; not restored",
        .compress = [command, peak_memory](
                        ByteSpan plain, const DataShape&,
                        const CompressorWatch& watch) { return run(command, plain, watch, *peak_memory); },
        .restore = {},
        .chunks = false,
        .program_memory = [peak_memory] { return peak_memory->exchange(0); }};
    if (restore_command) {
        check_marks(name, *restore_command);
        external.restore = [restore = *restore_command, peak_memory](
                               ByteSpan packed, std::size_t, const DataShape&, const CompressorWatch& watch) {
            return run(restore, packed, watch, *peak_memory);
        };
    }
    return external;
}

}  // namespace bitlaw::baselines
