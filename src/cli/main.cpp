#include <iostream>

#include "bitlaw/base/parallel.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {
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
int run(const EvalArguments& arguments) { return run_eval(arguments); }
int run(const SampleArguments& arguments) { return run_sample(arguments); }
int run(const InfoArguments& arguments) { return run_info(arguments); }
int run(const BenchArguments& arguments) { return run_bench(arguments); }

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
    } catch (...) {
        return report_failure(command_name(argc, argv), silent);
    }
}
