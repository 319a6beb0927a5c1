#include "rank_link.hpp"

#include "bitlaw/base/error.hpp"
#include "rank_place.hpp"

namespace bitlaw::cli {

train::RankLink join_ranks() {
    if (const std::size_t ranks = started_ranks(); ranks > 1) {
        fail("mpirun started ", ranks,
             " processes, and this program cannot share work among them; use one that was built with 'make "
             "MPI=1'");
    }
    return {};
}

void leave_ranks() {}

void abandon_ranks(int) {}

}  // namespace bitlaw::cli
