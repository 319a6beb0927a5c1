#include "seal.hpp"
#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bitlaw::fuzz::state_target({data, size});
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
    return bitlaw::fuzz::mutated(data, size, most, seed, bitlaw::fuzz::resealed_state);
}
