#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bitlaw::fuzz::coder_target({data, size});
    return 0;
}
