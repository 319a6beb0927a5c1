#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "bitlaw/base/error.hpp"
#include "rank_link.hpp"
#include "rank_place.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

namespace {

using Clock = std::chrono::steady_clock;

// MPI counts in int; a message is cut into pieces of this size.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;
// mpirun ends the processes a second after it asked them to stop: what is to be said is said before.
constexpr std::chrono::milliseconds kPatience{500};

void require_done(int result) {
    if (result != MPI_SUCCESS) {
        std::array<char, MPI_MAX_ERROR_STRING> text{};
        int length = 0;
        MPI_Error_string(result, text.data(), &length);
        fail(
            "the other ranks cannot be reached: ", std::string(text.data(), static_cast<std::size_t>(length)),
            "; the last saved state stays, so start the same command with --resume");
    }
}

// Says once, when a stop was asked for and the others do not come, what will be left if they never do.
class StopWatch {
   public:
    void look() {
        if (!stop_requested() || is_said_) {
            return;
        }
        const Clock::time_point now = Clock::now();
        if (!since_) {
            since_ = now;
        } else if (now - *since_ >= kPatience) {
            is_said_ = true;
            int rank = 0;
            MPI_Comm_rank(MPI_COMM_WORLD, &rank);
            if (rank == 0) {
                note(
                    "bitlaw: stopping, and waiting for the other ranks; if one of them is gone, the last "
                    "saved state stays: start the same command with --resume");
            }
        }
    }
    void come() { since_.reset(); }

   private:
    std::optional<Clock::time_point> since_;
    bool is_said_ = false;
};

// Waits without keeping the processor from others: ranks may outnumber processors.
void wait_for_all(std::array<MPI_Request, 2>& requests, StopWatch& watch) {
    int is_done = 0;
    require_done(MPI_Testall(2, requests.data(), &is_done, MPI_STATUSES_IGNORE));
    while (is_done == 0) {
        ::sched_yield();
        watch.look();
        require_done(MPI_Testall(2, requests.data(), &is_done, MPI_STATUSES_IGNORE));
    }
    watch.come();
}

void trade(std::size_t to, ByteSpan out, std::size_t from, std::span<std::uint8_t> in, StopWatch& watch) {
    constexpr std::size_t kNobody = train::RankLink::kNobody;
    out = to == kNobody ? ByteSpan() : out;
    in = from == kNobody ? std::span<std::uint8_t>() : in;
    while (!out.empty() || !in.empty()) {
        std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        const std::size_t sent = std::min(out.size(), kMostBytes);
        const std::size_t received = std::min(in.size(), kMostBytes);
        if (received > 0) {
            require_done(MPI_Irecv(in.data(), static_cast<int>(received), MPI_BYTE, static_cast<int>(from), 0,
                                   MPI_COMM_WORLD, &requests[0]));
        }
        if (sent > 0) {
            require_done(MPI_Isend(out.data(), static_cast<int>(sent), MPI_BYTE, static_cast<int>(to), 0,
                                   MPI_COMM_WORLD, &requests[1]));
        }
        wait_for_all(requests, watch);
        out = out.subspan(sent);
        in = in.subspan(received);
    }
}

bool is_joined() {
    int is_begun = 0;
    int is_over = 0;
    MPI_Initialized(&is_begun);
    MPI_Finalized(&is_over);
    return is_begun != 0 && is_over == 0;
}

}  // namespace

train::RankLink join_ranks() {
    if (started_ranks() == 1) {
        return {};
    }
    // Only the thread that trains speaks with the others.
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int rank = 0;
    int size = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return {.rank = static_cast<std::size_t>(rank),
            .size = static_cast<std::size_t>(size),
            .place = host_name(),
            .program = program_hash(),
            .trade = [watch = std::make_shared<StopWatch>()](std::size_t to, ByteSpan out, std::size_t from,
                                                             std::span<std::uint8_t> in) {
                trade(to, out, from, in, *watch);
            }};
}

void leave_ranks() {
    if (is_joined()) {
        MPI_Finalize();
    }
}

void abandon_ranks(int exit_code) {
    if (is_joined()) {
        MPI_Abort(MPI_COMM_WORLD, exit_code);
    }
}

}  // namespace bitlaw::cli
