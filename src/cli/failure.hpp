#pragma once
/// \file Exceptions become one line on standard error and an exit code.

#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/format/numbers.hpp"

namespace bitlaw::cli {

using format::printable;

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

/// For use in a catch block: prints "bitlaw: COMMAND: what" for the exception being handled, unless `silent`,
/// and returns its exit code: 2 for UsageError, 1 for every other one.
int report_failure(const std::string& command, bool silent) noexcept;

/// What an error in the file `name` says, with the name in front unless it is there already or the file could
/// not be opened or read.
[[nodiscard]] std::string named(const std::string& name, const std::string& what);

/// work(), whose errors get the name of the file that it works on; their types stay. Stopped is nobody's
/// error and passes.
template <class Work>
auto naming(const std::string& name, const Work& work) {
    try {
        return work();
    } catch (const Stopped&) {
        throw;
    } catch (const UsageError& error) {
        throw UsageError(named(name, error.what()));
    } catch (const Error& error) {
        throw Error(named(name, error.what()));
    }
}

}  // namespace bitlaw::cli
