#pragma once
/// \file The one place that starts threads (OpenMP). Work is split by output, so results do not depend on the
/// count. A thread that waits spins for some microseconds and then sleeps, whatever OpenMP is set to.

#include <cstddef>
#include <type_traits>

namespace bitlaw {

/// Number of threads that parallel_for uses: 1 to kMostThreads; starts as the number of processors available.
[[nodiscard]] std::size_t thread_count();

inline constexpr std::size_t kMostThreads = 256;

/// Sets the number of threads; throws UsageError outside 1 .. kMostThreads.
void set_thread_count(std::size_t count);

namespace detail {
void parallel_for_erased(std::size_t count, void* context, void (*body)(void*, std::size_t, std::size_t));
}

/// Calls body(index) for every index below count, or body(index, worker) with worker < thread_count() so that
/// each worker can own scratch memory. Indices are handed out in ascending order as workers come free. Every
/// worker runs with the default floating-point state. The first exception is rethrown after all workers have
/// stopped. Nested calls run on the calling worker.
template <class Body>
void parallel_for(std::size_t count, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    detail::parallel_for_erased(count, const_cast<void*>(static_cast<const void*>(&body)),
                                [](void* context, std::size_t index, std::size_t worker) {
                                    if constexpr (std::is_invocable_v<Plain&, std::size_t, std::size_t>) {
                                        (*static_cast<Plain*>(context))(index, worker);
                                    } else {
                                        (void)worker;
                                        (*static_cast<Plain*>(context))(index);
                                    }
                                });
}

}  // namespace bitlaw
