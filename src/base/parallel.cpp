#include "bitlaw/base/parallel.hpp"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "possible_workers.hpp"

namespace bitlaw {
namespace {

constexpr std::size_t kOutside = static_cast<std::size_t>(-1);

std::atomic<std::size_t>& chosen_count() {
    static std::atomic<std::size_t> count{std::min(available_processors(), kMostThreads)};
    return count;
}

// The worker that this thread is at the moment, kOutside when it runs no body.
std::size_t& current_worker() {
    thread_local std::size_t worker = kOutside;
    return worker;
}

class WorkerScope {
   public:
    explicit WorkerScope(std::size_t worker) : before_(current_worker()) { current_worker() = worker; }
    ~WorkerScope() { current_worker() = before_; }
    WorkerScope(const WorkerScope&) = delete;
    WorkerScope& operator=(const WorkerScope&) = delete;

   private:
    std::size_t before_;
    FloatStateGuard float_state_;
};

std::atomic<bool>& forked_flag() {
    static std::atomic<bool> flag{false};
    return flag;
}

// A forked child has none of the threads that the OpenMP library believes in, and would wait for them for
// ever. True in the child of a process that had used threads.
bool lost_threads() {
    static const int registered =
        ::pthread_atfork(nullptr, nullptr, [] { forked_flag().store(true, std::memory_order_relaxed); });
    return registered != 0 || forked_flag().load(std::memory_order_relaxed);
}

// Keeps the exception of the lowest index. Indices are claimed in ascending order and a claimed index always
// runs, so the lowest failing index, hence what is rethrown, is the same for every number of threads.
class FirstFailure {
   public:
    void keep(std::size_t index, std::exception_ptr exception) {
        const std::lock_guard lock(mutex_);
        if (index <= index_) {
            index_ = index;
            exception_ = std::move(exception);
        }
        seen_.store(true, std::memory_order_relaxed);
    }
    [[nodiscard]] bool seen() const { return seen_.load(std::memory_order_relaxed); }
    void rethrow() const {
        if (exception_) {
            std::rethrow_exception(exception_);
        }
    }

   private:
    std::mutex mutex_;
    std::atomic<bool> seen_{false};
    std::size_t index_ = kOutside;
    std::exception_ptr exception_;
};

// The indices of one parallel_for, on the stack of the thread that called it.
struct Job {
    std::size_t count;
    void* context;
    void (*body)(void*, std::size_t, std::size_t);
    std::atomic<std::size_t> next{0};
    FirstFailure failure{};

    // Takes indices until none is left.
    void work(std::size_t worker) {
        const WorkerScope scope(worker);
        while (!failure.seen()) {
            const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= count) {
                break;
            }
            try {
                body(context, index, worker);
            } catch (...) {
                failure.keep(index, std::current_exception());
            }
        }
    }
};

void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// As long as waking a thread takes: who waits longer gives the processor to those that it waits for.
constexpr std::chrono::microseconds kSpin{20};

// Looks again and again whether done(), for kSpin; the last answer.
template <class Done>
bool spin_until(const Done& done) {
    constexpr int kLooks = 32;  // between two looks at the clock
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
        for (int look = 0; look < kLooks; ++look) {
            if (done()) {
                return true;
            }
            relax();
        }
    } while (std::chrono::steady_clock::now() < end);
    return done();
}

// The threads that help one thread, its worker 0: one OpenMP region for as long as they are kept, in which
// they wait in this project's way. OpenMP's own waiting between regions is either so long that on a busy
// machine 2 threads were 14 times slower than 1, or is settled for the whole process before it begins.
//
// A job waits for nobody: workers enter it when they come to it, and its caller, once no index is left, waits
// only for those that are inside. So a worker that the system keeps from running costs nothing but its help.
class Crew {
   public:
    explicit Crew(std::size_t workers) : seats_(workers), leader_([this] { lead(); }) {}
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() {
        ends_.store(true);
        ends_.notify_all();
        for (Seat& seat : seats_) {
            wake(seat);
        }
        leader_.join();
    }

    [[nodiscard]] std::size_t workers() const { return seats_.size(); }

    // Does the job with so many workers, the caller among them.
    void run(Job& job, std::size_t workers) {
        BITLAW_ASSERT(workers <= seats_.size());
        job_ = &job;
        const std::uint32_t opened =
            (gate_.load(std::memory_order_relaxed) + kRound) / kRound * kRound + workers_field(workers);
        gate_.store(opened);
        for (std::size_t worker = 1; worker < workers; ++worker) {
            wake(seats_[worker]);
        }
        job.work(0);
        wait_for_entrants();
    }

   private:
    // gate_: the number of the job, how many workers may enter it (0: it is closed), whether the caller
    // sleeps, how many are inside.
    static constexpr std::uint32_t kInside = 0x1FF;
    static constexpr std::uint32_t kCallerSleeps = 0x200;
    static constexpr std::uint32_t kWorkers = kInside << 10;
    static constexpr std::uint32_t kRound = 1 << 19;
    static_assert(kMostThreads <= kInside);
    static std::uint32_t workers_field(std::size_t workers) {
        return static_cast<std::uint32_t>(workers) << 10;
    }

    // Where a worker sleeps. A cache line each, since callers and workers look at them all the time.
    struct alignas(64) Seat {
        std::atomic<std::uint32_t> asleep{0};
    };

    static void wake(Seat& seat) {
        if (seat.asleep.load() != 0 && seat.asleep.exchange(0) != 0) {
            seat.asleep.notify_one();
        }
    }

    // The region's thread 0 stands for the caller, so that the system binds the others as it binds workers.
    void lead() {
        const int threads = static_cast<int>(seats_.size());
        // Fewer than asked for (OMP_THREAD_LIMIT) only means fewer entrants.
#pragma omp parallel num_threads(threads)
        {
            const auto worker = static_cast<std::size_t>(omp_get_thread_num());
            if (worker == 0) {
                ends_.wait(false);
            } else {
                serve(worker);
            }
        }
    }

    void serve(std::size_t worker) {
        std::uint32_t last = 0;  // the job that this worker has been in
        const auto is_open = [&](std::uint32_t gate) {
            return (gate & kWorkers) > workers_field(worker) && gate / kRound != last / kRound;
        };
        while (!ends_.load()) {
            std::uint32_t gate = gate_.load();
            if (!is_open(gate)) {
                wait([&] { return is_open(gate_.load()) || ends_.load(); }, seats_[worker]);
            } else if (gate_.compare_exchange_weak(gate, gate + 1)) {
                last = gate;
                job_->work(worker);
                const std::uint32_t before = gate_.fetch_sub(1);
                if ((before & kCallerSleeps) != 0 && (before & kInside) == 1) {
                    gate_.notify_one();
                }
            }
        }
    }

    template <class Done>
    static void wait(const Done& done, Seat& seat) {
        if (spin_until(done)) {
            return;
        }
        seat.asleep.store(1);
        // Whoever makes it true looks at the seat afterwards.
        if (!done()) {
            seat.asleep.wait(1);
        }
        seat.asleep.store(0);
    }

    void wait_for_entrants() {
        gate_.fetch_and(~kWorkers);
        const auto is_empty = [&] { return (gate_.load() & kInside) == 0; };
        if (spin_until(is_empty)) {
            return;
        }
        std::uint32_t gate = gate_.fetch_or(kCallerSleeps) | kCallerSleeps;
        while ((gate & kInside) != 0) {
            gate_.wait(gate);
            gate = gate_.load();
        }
    }

    alignas(64) std::atomic<std::uint32_t> gate_{0};
    Job* job_ = nullptr;  // written while the gate is closed and nobody is inside
    alignas(64) std::atomic<bool> ends_{false};
    std::vector<Seat> seats_;
    std::thread leader_;
};

// The crew of this thread, of at least so many workers; null where no thread can be started.
Crew* crew_of(std::size_t workers) {
    struct Holder {
        std::unique_ptr<Crew> crew;
        Holder() = default;
        Holder(const Holder&) = delete;
        Holder& operator=(const Holder&) = delete;
        ~Holder() {
            if (lost_threads()) {
                (void)crew.release();  // there is nobody who could end
            }
        }
    };
    thread_local Holder holder;
    if (!holder.crew || holder.crew->workers() < workers) {
        holder.crew.reset();
        try {
            holder.crew = std::make_unique<Crew>(workers);
        } catch (const std::system_error&) {
            return nullptr;
        }
    }
    return holder.crew.get();
}

// Workers that there can be besides this project's own: none inside a parallel region of the program that
// calls, unless it asked for nested ones.
bool may_have_workers() { return omp_get_active_level() < omp_get_max_active_levels(); }

}  // namespace

std::size_t thread_count() { return chosen_count().load(std::memory_order_relaxed); }

void set_thread_count(std::size_t count) {
    if (count < 1 || count > kMostThreads) {
        fail_usage("the number of threads must be 1 to ", kMostThreads, ", not ", count,
                   "; leave it out to use every processor");
    }
    chosen_count().store(count, std::memory_order_relaxed);
}

void detail::parallel_for_erased(std::size_t count, void* context,
                                 void (*body)(void*, std::size_t, std::size_t)) {
    const std::size_t caller = current_worker();
    std::size_t workers = std::min(thread_count(), count);
    Crew* crew = nullptr;
    if (caller == kOutside && workers > 1 && may_have_workers() && !lost_threads()) {
        workers = possible_workers(workers);
        crew = workers > 1 ? crew_of(workers) : nullptr;
    }
    if (crew == nullptr) {
        // A nested call keeps its worker's number, so that scratch memory owned by workers stays theirs.
        const std::size_t worker = caller == kOutside ? 0 : caller;
        const WorkerScope scope(worker);
        for (std::size_t index = 0; index < count; ++index) {
            body(context, index, worker);
        }
        return;
    }
    Job job{.count = count, .context = context, .body = body};
    crew->run(job, workers);
    job.failure.rethrow();
}

}  // namespace bitlaw
