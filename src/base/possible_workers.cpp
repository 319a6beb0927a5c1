#include "possible_workers.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace bitlaw {
namespace {

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

}  // namespace

std::size_t available_processors() {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    // Fails on machines with more processors than cpu_set_t has bits (1,024).
    const std::size_t found = sched_getaffinity(0, sizeof mask, &mask) == 0
                                  ? static_cast<std::size_t>(CPU_COUNT(&mask))
                                  : std::size_t{std::thread::hardware_concurrency()};
    return std::max(found, std::size_t{1});
}

std::size_t possible_workers(std::size_t wanted) {
    thread_local std::size_t tried = 1;
    thread_local std::size_t possible = std::numeric_limits<std::size_t>::max();
    if (wanted > tried) {
        const std::size_t started = startable(wanted);
        tried = wanted;
        if (started < wanted) {
            possible = std::min(possible, std::max(started, std::size_t{1}));
        }
    }
    return std::min(wanted, possible);
}

}  // namespace bitlaw
