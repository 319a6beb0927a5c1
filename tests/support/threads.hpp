#pragma once
/// \file A number of threads for the length of a scope.

#include <cstddef>

#include "bitlaw/base/parallel.hpp"

namespace bitlaw::test {

class Threads {
   public:
    explicit Threads(std::size_t count) : before_(thread_count()) { set_thread_count(count); }
    ~Threads() { set_thread_count(before_); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

   private:
    std::size_t before_;
};

}  // namespace bitlaw::test
