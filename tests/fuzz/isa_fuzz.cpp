#include "isa_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bitlaw::fuzz::isa_target({data, size});
    return 0;
}
