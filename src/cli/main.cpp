#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <type_traits>
#include <variant>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "options.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace kernels;
using namespace model;

namespace {

int run(const HelpText& help) {
    if (help.exit_code == kDone) {
        print(help.text);
    } else {
        std::cerr << help.text << std::flush;
    }
    return help.exit_code;
}
int run(const TrainArguments& arguments) { return run_train(arguments); }
int run(const ArchiveArguments& arguments) {
    return arguments.mode == ArchiveMode::list ? run_list(arguments) : run_archive(arguments);
}
int run(const RecoverArguments& arguments) { return run_recover(arguments); }
int run(const EvalArguments& arguments) { return run_eval(arguments); }
int run(const LevelsArguments& arguments) { return run_levels(arguments); }
int run(const SampleArguments& arguments) { return run_sample(arguments); }
int run(const PlotArguments& arguments) { return run_plot(arguments); }
int run(const InfoArguments& arguments) { return run_info(arguments); }
int run(const BenchArguments& arguments) { return run_bench(arguments); }
int run(const StudyArguments& arguments) { return run_study_command(arguments); }
int run(const DataArguments& arguments) { return run_data(arguments); }
int run(const TableArguments& arguments) { return run_table(arguments); }
int run(const ExportArguments& arguments) { return run_export(arguments); }
int run(const ImportArguments& arguments) { return run_import(arguments); }
int run(const TokenizerArguments& arguments) { return run_tokenizer(arguments); }

// A file that is opened while a standard stream is closed takes its number, and what is meant for the stream
// is written into the file. /dev/null takes the number instead, in and out the wrong way round, so that using
// them fails as if they were still closed.
void occupy_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) < 0) {
            (void)::open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
        }
    }
}

// Settles what holds for the whole process, so that a wrong BITLAW_ISA is told before any work.
template <class Arguments>
void prepare(const Arguments& arguments, bool& silent) {
    if constexpr (!std::is_same_v<Arguments, HelpText>) {
        silent = arguments.common.quiet > 1;
        if (arguments.common.threads) {
            set_thread_count(*arguments.common.threads);
        }
        (void)chosen_isa();
    }
}

}  // namespace
}  // namespace bitlaw::cli

int main(int argc, char** argv) {
    using namespace bitlaw::cli;
    occupy_standard_streams();
    bool silent = false;
    try {
        install_signal_handlers();
        const Command command = parse_command_line(argc, argv);
        const int code = std::visit(
            [&](const auto& arguments) {
                prepare(arguments, silent);
                return run(arguments);
            },
            command);
        finish_printing();
        return code;
    } catch (const bitlaw::Stopped&) {
        const int code = report_failure(command_name(argc, argv), silent);
        std::cout.flush();
        end_as_signalled();
        return code;  // stopped by an option
    } catch (...) {
        return report_failure(command_name(argc, argv), silent);
    }
}
