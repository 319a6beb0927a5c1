#include <doctest/doctest.h>

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/parallel.hpp"
#include "support/message.hpp"
#include "support/threads.hpp"

using namespace bitlaw;
using bitlaw::test::Threads;

TEST_CASE("parallel: the count starts as the processors of the affinity mask") {
    cpu_set_t mask;
    REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
    CHECK(thread_count() == static_cast<std::size_t>(CPU_COUNT(&mask)));
}

TEST_CASE("parallel: every index runs exactly once, for every count and number of threads") {
    for (const std::size_t threads : {1, 2, 3, 8, 32}) {
        const Threads scope(threads);
        for (const std::size_t count : {0, 1, 2, 3, 7, 100, 1000}) {
            std::vector<std::atomic<int>> runs(count);
            parallel_for(count, [&](std::size_t i) { ++runs[i]; });
            CAPTURE(threads);
            CAPTURE(count);
            for (const std::atomic<int>& seen : runs) {
                CHECK(seen == 1);
            }
        }
    }
}

TEST_CASE("parallel: what the workers wrote is seen by the caller, and the caller's writes by the workers") {
    const Threads scope(4);
    std::vector<long> values(500, 1);
    for (int round = 0; round < 20; ++round) {
        parallel_for(values.size(), [&](std::size_t i) { values[i] += static_cast<long>(i); });
    }
    const long sum = std::accumulate(values.begin(), values.end(), 0L);
    CHECK(sum == 500 + 20 * (499 * 500 / 2));
}

TEST_CASE("parallel: a worker's number is its own, so that scratch memory is not shared") {
    const Threads scope(6);
    std::vector<std::size_t> scratch(thread_count(), 0);  // plain words: a shared number would lose counts
    std::atomic<bool> in_range{true};
    parallel_for(20'000, [&](std::size_t, std::size_t worker) {
        if (worker >= scratch.size()) {
            in_range = false;
            return;
        }
        ++scratch[worker];
    });
    CHECK(in_range);
    CHECK(std::accumulate(scratch.begin(), scratch.end(), std::size_t{0}) == 20'000);
}

TEST_CASE("parallel: nested calls run on the calling worker, in order and with its number") {
    for (const std::size_t threads : {1, 4}) {
        const Threads scope(threads);
        std::atomic<int> wrong{0};
        parallel_for(40, [&](std::size_t, std::size_t outer) {
            std::size_t expected = 0;
            parallel_for(10, [&](std::size_t i, std::size_t inner) {
                wrong += inner == outer && i == expected ? 0 : 1;
                ++expected;
            });
            wrong += expected == 10 ? 0 : 1;
        });
        CHECK(wrong == 0);
    }
}

TEST_CASE("parallel: the exception of the lowest failing index is rethrown, whatever the number of threads") {
    for (const std::size_t threads : {1, 2, 7}) {
        const Threads scope(threads);
        for (int round = 0; round < 20; ++round) {
            const std::string message = test::message_of<Error>([] {
                parallel_for(1000, [](std::size_t i) {
                    if (i % 100 == 37) {
                        fail("index ", i);
                    }
                });
            });
            CHECK(message == "index 37");
        }
    }
}

TEST_CASE("parallel: after an exception no new index starts, and the next call works") {
    const Threads scope(3);
    std::atomic<std::size_t> runs{0};
    CHECK_THROWS_AS(parallel_for(1'000'000,
                                 [&](std::size_t i) {
                                     ++runs;
                                     if (i == 0) {
                                         throw std::invalid_argument("first");
                                     }
                                 }),
                    std::invalid_argument);
    CHECK(runs < 1'000'000);
    runs = 0;
    parallel_for(100, [&](std::size_t) { ++runs; });
    CHECK(runs == 100);
}

TEST_CASE("parallel: an exception inside a nested call reaches the outermost caller") {
    const Threads scope(2);
    CHECK_THROWS_AS(parallel_for(4, [](std::size_t) { parallel_for(4, [](std::size_t) { fail("inner"); }); }),
                    Error);
    // The worker mark is gone again: the next call may use all threads.
    std::vector<std::atomic<int>> seen(2);
    parallel_for(100, [&](std::size_t, std::size_t worker) { ++seen[worker]; });
    CHECK(seen[0] + seen[1] == 100);
}

TEST_CASE("parallel: a thread that waits takes no time, so that others can have the processor") {
    // OpenMP's would spin for milliseconds where each thread has a processor.
    const auto used = [] {
        rusage usage{};
        REQUIRE(getrusage(RUSAGE_SELF, &usage) == 0);
        return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               1e-6 * double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    };
    std::atomic<std::size_t> runs{0};
    const auto work = [&] { parallel_for(thread_count(), [&](std::size_t) { ++runs; }); };
    work();
    const double before = used();
    for (int round = 0; round < 100; ++round) {
        work();
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
    CHECK(used() - before < 0.04 * static_cast<double>(thread_count()));
    CHECK(runs == 101 * thread_count());
}

TEST_CASE("parallel: threads that call at the same time have workers of their own") {
    const Threads scope(3);
    std::atomic<long> sum{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&sum] {
            for (int round = 0; round < 50; ++round) {
                parallel_for(20, [&](std::size_t i) { sum += static_cast<long>(i); });
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    CHECK(sum == 4 * 50 * (19 * 20 / 2));
}

TEST_CASE("parallel: more and fewer threads in turn, and jobs that end at once") {
    for (int round = 0; round < 30; ++round) {
        for (const std::size_t threads : {2, 5, 3, 9, 1}) {
            const Threads scope(threads);
            std::atomic<std::size_t> runs{0};
            std::atomic<bool> in_range{true};
            parallel_for(threads * 2, [&](std::size_t, std::size_t worker) {
                ++runs;
                in_range = in_range && worker < threads;
            });
            CHECK(runs == threads * 2);
            CHECK(in_range);
        }
    }
    const Threads scope(4);
    long sum = 0;
    for (long round = 0; round < 20'000; ++round) {  // more than the jobs' numbers before they begin anew
        std::array<long, 2> parts{};
        parallel_for(parts.size(), [&](std::size_t i) { parts[i] = round; });
        sum += parts[0] + parts[1];
    }
    CHECK(sum == 20'000L * 19'999);
}

TEST_CASE("parallel: a worker that is slow is waited for, also asleep") {
    const Threads scope(2);
    std::vector<int> done(2, 0);
    for (int round = 0; round < 5; ++round) {
        parallel_for(2, [&](std::size_t i) {
            if (i == 1) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            ++done[i];
        });
        CHECK(done[1] == round + 1);
    }
}

TEST_CASE("parallel: the child of a fork works alone, and ends") {
    const Threads scope(3);
    std::atomic<int> runs{0};
    parallel_for(10, [&](std::size_t) { ++runs; });
    const pid_t child = fork();
    if (child == 0) {
        int count = 0;
        parallel_for(10, [&](std::size_t) { ++count; });
        _exit(count == 10 ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    parallel_for(10, [&](std::size_t) { ++runs; });
    CHECK(runs == 20);
}

TEST_CASE("parallel: numbers of threads that make no sense are refused, and the old one stays") {
    const Threads scope(2);
    CHECK(test::holds(test::message_of<UsageError>([] { set_thread_count(0); }), "1 to 256, not 0"));
    CHECK_THROWS_AS(set_thread_count(kMostThreads + 1), UsageError);
    CHECK(thread_count() == 2);
    set_thread_count(kMostThreads);
    CHECK(thread_count() == kMostThreads);
}
