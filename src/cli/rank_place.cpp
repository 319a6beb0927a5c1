#include "rank_place.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/model/places.hpp"
#include "help.hpp"

namespace bitlaw::cli {

std::size_t started_ranks() {
    const char* const text = std::getenv("OMPI_COMM_WORLD_SIZE");
    const std::string_view digits = text == nullptr ? "" : text;
    std::size_t ranks = 1;
    std::from_chars(digits.data(), digits.data() + digits.size(), ranks);
    return ranks;
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "this machine";
}

std::string program_hash() {
    try {
        return hex64(hash64(MappedFile(model::own_binary()).bytes()));
    } catch (const Error&) {
        return version_text();
    }
}

}  // namespace bitlaw::cli
