#pragma once
/// \file The version of the tool and the library.

namespace bitlaw {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace bitlaw
