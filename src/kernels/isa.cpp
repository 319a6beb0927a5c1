#include "bitlaw/kernels/isa.hpp"

#include <atomic>
#include <cstdlib>

#include "bitlaw/base/error.hpp"
#include "tables.hpp"

namespace bitlaw::kernels {
namespace {

bool is_available(Isa isa) {
    switch (isa) {
        case Isa::scalar: return true;
#ifdef __x86_64__
        case Isa::avx2: return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
        case Isa::avx512:
            return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                   __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
                   __builtin_cpu_supports("fma") != 0;
#endif
        default: return false;
    }
}

std::string names_of(const std::vector<Isa>& isas) {
    std::string names;
    for (const Isa isa : isas) {
        names += (names.empty() ? "" : ", ") + std::string(isa_name(isa));
    }
    return names;
}

#ifdef __x86_64__
/// The avx512 table with the best bf16 products that can be trusted.
struct Avx512Choice {
    Avx512Choice() : table(kernels_avx512()) {
        if (__builtin_cpu_supports("avx512bf16") == 0) {
            return;
        }
        Kernels faster = table;
        use_bf16_instructions(faster);
        bf16_in_hardware = same_bf16_bits(faster, table);
        if (bf16_in_hardware) {
            table = faster;
        }
    }
    Kernels table;
    bool bf16_in_hardware = false;
};

const Avx512Choice& avx512_choice() {
    static const Avx512Choice chosen;
    return chosen;
}
#endif

const Kernels& table_of(Isa isa) {
    if (!is_available(isa)) {
        fail_usage(
            "the instruction set ", isa_name(isa),
            " is lacking on this processor or in this build; choose one of: ", names_of(available_isas()));
    }
#ifdef __x86_64__
    if (isa == Isa::avx512) {
        return avx512_choice().table;
    }
    if (isa == Isa::avx2) {
        return kernels_avx2();
    }
#endif
    return kernels_scalar();
}

Isa isa_of_environment() {
    const char* const wish = std::getenv("BITLAW_ISA");
    if (wish == nullptr || *wish == '\0') {
        return available_isas().back();
    }
    for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
        if (std::string(wish) == isa_name(isa)) {
            return isa;
        }
    }
    fail_usage("BITLAW_ISA is '", wish,
               "', which is no instruction set; set it to one of: ", names_of(available_isas()),
               ", or leave it unset");
}

struct Choice {
    explicit Choice(Isa isa_) : isa(isa_), table(&table_of(isa_)) {}
    std::atomic<Isa> isa;
    std::atomic<const Kernels*> table;
};

/// Made on first use, so that an unusable BITLAW_ISA throws where the caller can report it.
Choice& choice() {
    static Choice chosen(isa_of_environment());
    return chosen;
}

}  // namespace

const char* isa_name(Isa isa) {
    switch (isa) {
        case Isa::avx2: return "avx2";
        case Isa::avx512: return "avx512";
        default: return "scalar";
    }
}

std::vector<Isa> available_isas() {
    std::vector<Isa> isas{Isa::scalar, Isa::avx2, Isa::avx512};
    std::erase_if(isas, [](Isa isa) { return !is_available(isa); });
    return isas;
}

Isa chosen_isa() { return choice().isa.load(std::memory_order_relaxed); }

void choose_isa(Isa isa) {
    const Kernels& table = table_of(isa);
    choice().table.store(&table, std::memory_order_relaxed);
    choice().isa.store(isa, std::memory_order_relaxed);
}

bool bf16_in_hardware() {
#ifdef __x86_64__
    return is_available(Isa::avx512) && avx512_choice().bf16_in_hardware;
#else
    return false;
#endif
}

const Kernels& kernel_table() { return *choice().table.load(std::memory_order_relaxed); }

}  // namespace bitlaw::kernels
