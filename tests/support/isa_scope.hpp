#pragma once
/// \file An instruction set for the length of a scope.

#include "bitlaw/kernels/isa.hpp"

namespace bitlaw::test {

class IsaScope {
   public:
    explicit IsaScope(kernels::Isa isa) : before_(kernels::chosen_isa()) { kernels::choose_isa(isa); }
    ~IsaScope() { kernels::choose_isa(before_); }
    IsaScope(const IsaScope&) = delete;
    IsaScope& operator=(const IsaScope&) = delete;

   private:
    kernels::Isa before_;
};

}  // namespace bitlaw::test
