#include "expert_choice.hpp"

#include <array>

namespace bitlaw::predict {
namespace {

constexpr std::array<const char*, 11> kNames{"orders",  "words",  "match",   "sparse", "indirect",  "lines",
                                             "records", "bitmap", "samples", "direct", "refinement"};

constexpr std::uint64_t bit_of(Expert expert) { return std::uint64_t{1} << static_cast<unsigned>(expert); }

constexpr std::uint64_t kFirstFastExperts =
    bit_of(Expert::orders) | bit_of(Expert::words) | bit_of(Expert::match);
constexpr std::uint64_t kFastExperts =
    kFirstFastExperts | bit_of(Expert::sparse) | bit_of(Expert::refinement);

Family family_of(DataKind kind) {
    switch (kind) {
        case DataKind::text: return Family::text;
        case DataKind::records: return Family::binary;
        case DataKind::bytes: return Family::bytes;
        default: return Family::shorts;
    }
}

}  // namespace

std::span<const char* const> expert_names() { return kNames; }

std::uint64_t active_experts(ExpertSet set, std::uint64_t asked) {
    const std::uint64_t all = (std::uint64_t{1} << kNames.size()) - 1;
    return asked & (set == ExpertSet::fast         ? kFastExperts
                    : set == ExpertSet::first_fast ? kFirstFastExperts
                                                   : all);
}

void ExpertChoice::set_form(const DataForm& wanted) {
    validate(wanted);
    form = full ? wanted : DataForm{};
    family = family_of(form.kind);
}

}  // namespace bitlaw::predict
