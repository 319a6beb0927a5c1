#include "bitlaw/base/parallel.hpp"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"

namespace bitlaw {
namespace {

constexpr std::size_t kOutside = static_cast<std::size_t>(-1);

// Processors in the affinity mask: what `taskset` or a container leaves. OMP_NUM_THREADS does not count.
std::size_t available_processors() {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    // Fails on machines with more processors than cpu_set_t has bits (1,024), where the cap decides anyway.
    const std::size_t found = sched_getaffinity(0, sizeof mask, &mask) == 0
                                  ? static_cast<std::size_t>(CPU_COUNT(&mask))
                                  : std::size_t{std::thread::hardware_concurrency()};
    return std::clamp(found, std::size_t{1}, kMostThreads);
}

std::atomic<std::size_t>& chosen_count() {
    static std::atomic<std::size_t> count{available_processors()};
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

// What a thread may need for its work beside its stack. More than the greatest threshold (32 MB) above which
// glibc maps memory of its own, because to free less would move that threshold.
constexpr std::size_t kWorkBytes = std::size_t{48} << 20;

// Threads besides the caller, of `wanted`, that exist at the same time and have kWorkBytes each, the caller
// too. Nothing is written there, so it takes addresses only. Each thread has its memory before the next one
// starts: with it come the up to 128 MB of addresses that glibc reserves at a thread's first allocation and
// keeps for the threads that come later.
std::size_t startable(std::size_t wanted) {
    std::atomic<bool> open{false};
    std::atomic<bool> enough{true};
    std::atomic<std::size_t> ready{0};
    const auto get_ready = [&](const auto& wait) {
        void* memory = ::operator new(kWorkBytes, std::nothrow);
        if (memory == nullptr) {
            enough.store(false);
        }
        ready.fetch_add(1);
        ready.notify_all();
        wait();
        ::operator delete(memory);
    };
    std::vector<std::thread> threads;
    get_ready([&] {
        try {
            threads.reserve(wanted);
            while (enough.load() && threads.size() < wanted) {
                threads.emplace_back(get_ready, [&open] { open.wait(false); });
                for (std::size_t seen = ready.load(); seen <= threads.size(); seen = ready.load()) {
                    ready.wait(seen);
                }
            }
        } catch (const std::system_error&) {
            // What the system denies; the number says it.
        } catch (const std::bad_alloc&) {
        }
    });
    open.store(true);
    open.notify_all();
    for (std::thread& thread : threads) {
        thread.join();
    }
    return threads.size() - (!enough.load() && !threads.empty() ? 1 : 0);
}

// At most `wanted`: so many that gcc's OpenMP library, which ends the process when it cannot start a thread,
// can start them and they can work. Tried when a thread asks for more than ever before: every thread that
// calls has workers of its own.
std::size_t possible_workers(std::size_t wanted) {
    thread_local std::size_t tried = 1;
    thread_local std::size_t possible = kMostThreads;
    if (wanted > tried) {
        const std::size_t started = startable(wanted - 1);
        tried = wanted;
        if (started < wanted - 1) {
            possible = std::min(possible, 1 + started);
        }
    }
    return std::min(wanted, possible);
}

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
    if (caller == kOutside && workers > 1) {
        workers = lost_threads() ? 1 : possible_workers(workers);
    }
    if (caller != kOutside || workers <= 1) {
        // A nested call keeps its worker's number, so that scratch memory owned by workers stays theirs.
        const std::size_t worker = caller == kOutside ? 0 : caller;
        const WorkerScope scope(worker);
        for (std::size_t index = 0; index < count; ++index) {
            body(context, index, worker);
        }
        return;
    }
    std::atomic<std::size_t> next{0};
    FirstFailure failure;
    const int threads = static_cast<int>(workers);
    // Fewer threads than asked for (OMP_THREAD_LIMIT, a host's own region) only means fewer claimants.
#pragma omp parallel num_threads(threads)
    {
        const auto worker = static_cast<std::size_t>(omp_get_thread_num());
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
    failure.rethrow();
}

}  // namespace bitlaw
