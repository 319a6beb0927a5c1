#pragma once
/// \file What the workers of one block have done, told to one place.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "bitlaw/coding/progress.hpp"

namespace bitlaw::coding {

/// Counts what all workers have done, reports it about ten times a second from whichever of them comes next,
/// and lets a failure end all of them soon. Not from one worker only: that one may be through with its share,
/// or in the longest one, long before the others.
class Reporter {
   public:
    explicit Reporter(const BlockProgress& progress) : progress_(progress) {}

    /// False when another worker has failed, and this one should return.
    [[nodiscard]] bool add(std::size_t plain, std::size_t payload) {
        plain_.fetch_add(plain, std::memory_order_relaxed);
        payload_.fetch_add(payload, std::memory_order_relaxed);
        if (progress_) {
            report();
        }
        return !failed_.load(std::memory_order_relaxed);
    }

    /// Reports all that was done, after the work.
    void finish() {
        if (progress_) {
            progress_(plain_.load(), payload_.load());
        }
    }

    template <class Work>
    void run(const Work& work) {
        try {
            work();
        } catch (...) {
            failed_.store(true, std::memory_order_relaxed);
            throw;
        }
    }

   private:
    using Clock = std::chrono::steady_clock;

    void report() {
        const Clock::duration now = Clock::now().time_since_epoch();
        if (now < due_.load(std::memory_order_relaxed)) {
            return;
        }
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (lock.owns_lock() && now >= due_.load(std::memory_order_relaxed)) {
            due_.store(now + std::chrono::milliseconds(100), std::memory_order_relaxed);
            // Read here, under the lock, so that what is reported never falls.
            progress_(plain_.load(std::memory_order_relaxed), payload_.load(std::memory_order_relaxed));
        }
    }

    const BlockProgress& progress_;
    std::mutex mutex_;                                          // held while progress_ runs
    std::atomic<Clock::duration> due_{Clock::duration::min()};  // the first advance is reported at once
    std::atomic<std::uint64_t> plain_{0};
    std::atomic<std::uint64_t> payload_{0};
    std::atomic<bool> failed_{false};
};

}  // namespace bitlaw::coding
