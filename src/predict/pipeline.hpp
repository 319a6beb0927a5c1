#pragma once
/// \file Threads that share the work of experts, which has an order, and of a network, which has none.

#include <atomic>
#include <cstddef>
#include <thread>

#include "bitlaw/base/parallel.hpp"

namespace bitlaw::predict {

/// Work that some thread can do now, until there is none left. `turn` counts the experts' share of the work,
/// which goes in a fixed order; the network's share is taken in any order. One thread has the experts from
/// the beginning to the end, so that their tables stay in its caches; it takes of the network's share what is
/// ready while the experts wait.
class Pipeline {
   public:
    /// try_mix() and try_predict(): do a piece of work if one is ready, and say whether they did.
    template <class TryMix, class TryPredict>
    void run(std::size_t turns, const TryMix& try_mix, const TryPredict& try_predict) {
        turn_.store(0);
        failed_.store(false);
        mixed_.store(false);
        parallel_for(thread_count(), [&](std::size_t) {
            const bool mixes = !mixed_.exchange(true);
            try {
                for (unsigned idle = 0; turn_.load(std::memory_order_acquire) < turns && !failed_.load();) {
                    if ((mixes && mix_once(try_mix)) || try_predict()) {
                        idle = 0;
                    } else if (++idle > kSpins) {
                        std::this_thread::yield();
                    }
                }
            } catch (...) {
                failed_.store(true);
                throw;
            }
        });
    }
    /// Of the experts: only the thread that is in them moves it.
    [[nodiscard]] std::size_t turn() const { return turn_.load(std::memory_order_acquire); }

   private:
    // A few hundred nanoseconds: less than a position takes, so that a waiting thread does not sleep in it.
    static constexpr unsigned kSpins = 64;

    template <class TryMix>
    bool mix_once(const TryMix& try_mix) {
        const std::size_t now = turn_.load(std::memory_order_relaxed);
        if (!try_mix(now)) {
            return false;
        }
        turn_.store(now + 1, std::memory_order_release);
        return true;
    }

    std::atomic<std::size_t> turn_{0};
    std::atomic<bool> mixed_{false};  // a thread has the experts
    std::atomic<bool> failed_{false};
};

}  // namespace bitlaw::predict
