#include "failure.hpp"

#include <iostream>
#include <new>

#include "bitlaw/base/error.hpp"

namespace bitlaw::cli {
namespace {

void print_failure(const std::string& command, bool silent, const std::string& what) {
    if (silent) {
        return;
    }
    const std::string prefix = command.empty() ? "bitlaw: " : "bitlaw: " + command + ": ";
    std::cerr << prefix + printable(what) + "\n" << std::flush;
}

}  // namespace

std::string named(const std::string& name, const std::string& what) {
    for (const std::string& start :
         {name + ": ", name + " is a ", "cannot open " + name + ":", "cannot read " + name + ":"}) {
        if (what.starts_with(start)) {
            return what;
        }
    }
    return name + ": " + what;
}

int report_failure(const std::string& command, bool silent) noexcept {
    try {
        try {
            throw;
        } catch (const UsageError& error) {
            print_failure(command, silent, error.what());
            return kWrongUsage;
        } catch (const std::bad_alloc&) {
            print_failure(command, silent,
                          "not enough memory; use fewer threads (-T), smaller blocks (--block-size) or a "
                          "smaller model");
        } catch (const std::exception& error) {
            print_failure(command, silent, error.what());
        }
    } catch (...) {
        // Printing itself failed: the exit code still tells.
        return kFailed;
    }
    return kFailed;
}

}  // namespace bitlaw::cli
