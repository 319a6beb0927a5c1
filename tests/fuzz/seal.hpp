#pragma once
/// \file Mutation behind the checks: a target's inputs are changed as libFuzzer likes, then their hashes made
/// right again in most cases, so that forged fields reach the parsers.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/hash.hpp"
#include "support/reseal.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace bitlaw::fuzz {

template <class Seal>
std::size_t mutated(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed, const Seal& seal) {
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 8 != 0) {
        const Bytes sealed = seal(Bytes(data, data + size));
        size = std::min(sealed.size(), most);
        std::copy_n(sealed.begin(), size, data);
    }
    return size;
}

// A training state with the length of the file and both hashes made right, as docs/FORMAT.md has them.
inline Bytes resealed_state(Bytes file) {
    const auto put = [&](std::size_t where, std::uint64_t value) {
        for (std::size_t i = 0; i < 8; ++i) {
            file[where + i] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    };
    constexpr std::size_t kHeader = 64;
    if (file.size() < kHeader + 8) {
        return file;
    }
    put(8, file.size());
    const std::uint64_t metadata = ByteReader(ByteSpan(file).subspan(24, 8), "the state").u64();
    if (metadata <= file.size() - kHeader - 8) {
        put(32, hash64(ByteSpan(file).subspan(kHeader, metadata)));
    }
    put(file.size() - 8, hash64(ByteSpan(file).first(file.size() - 8)));
    return file;
}

}  // namespace bitlaw::fuzz
