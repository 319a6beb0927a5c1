#include "on_ranks.hpp"

#include "bitlaw/base/error.hpp"
#include "failure.hpp"
#include "signals.hpp"

namespace bitlaw::cli {

int report_rank_failure(const std::string& command, bool silent, const train::Ranks& ranks) {
    if (ranks.is_alone()) {
        throw;
    }
    if (!ranks.is_settled()) {
        const std::string name = text_of("rank ", ranks.rank(), " of ", ranks.size(), " on ", ranks.place());
        const int code = report_failure(command + ": " + name, silent);
        abandon_ranks(code);
        return code;
    }
    // Told before any rank ends: mpirun ends all when one does.
    const int code = report_failure(command, silent || !ranks.is_first());
    leave_ranks();
    end_as_signalled();
    return code;
}

}  // namespace bitlaw::cli
