#pragma once
/// \file A hostile floating-point state for the length of a scope, as a host process may leave it.

#include <cstdint>

#include "bitlaw/base/float_state.hpp"

namespace bitlaw::test {

class HostileFloatState {
   public:
    HostileFloatState() : before_(float_state()) { set_float_state(hostile_float_state()); }
    ~HostileFloatState() { set_float_state(before_); }
    HostileFloatState(const HostileFloatState&) = delete;
    HostileFloatState& operator=(const HostileFloatState&) = delete;

   private:
    std::uint64_t before_;
};

}  // namespace bitlaw::test
