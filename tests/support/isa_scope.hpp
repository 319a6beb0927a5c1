#pragma once
/// \file An instruction set for the length of a scope.

#include "bitlaw/kernels/isa.hpp"

namespace bitlaw::test {

class IsaScope {
   public:
    explicit IsaScope(Isa isa) : before_(chosen_isa()) { choose_isa(isa); }
    ~IsaScope() { choose_isa(before_); }
    IsaScope(const IsaScope&) = delete;
    IsaScope& operator=(const IsaScope&) = delete;

   private:
    Isa before_;
};

}  // namespace bitlaw::test
