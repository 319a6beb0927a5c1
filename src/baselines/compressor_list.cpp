#include "bitlaw/baselines/compressor_list.hpp"

#include "compressors.hpp"

namespace bitlaw::baselines {

const std::vector<Compressor>& all_compressors() {
    static const std::vector<Compressor> all{gzip_compressor(),       bzip2_compressor(), xz_compressor(),
                                             lzma2_compressor(),      zstd_compressor(),  brotli_compressor(),
                                             ppmd_compressor(),       own_compressor(),   png_compressor(),
                                             narrow_png_compressor(), jxl_compressor(),   flac_compressor(),
                                             wide_flac_compressor()};
    return all;
}

std::vector<Compressor> choose_compressors(const std::vector<std::string>& keys) {
    std::string known;
    for (const Compressor& compressor : all_compressors()) {
        known += (known.empty() ? "" : ", ") + compressor.key;
    }
    for (const std::string& key : keys) {
        if (std::none_of(all_compressors().begin(), all_compressors().end(),
                         [&](const Compressor& c) { return c.key == key; })) {
            fail_usage("there is no compressor '", key, "'; choose of ", known);
        }
    }
    std::vector<Compressor> chosen;
    for (const Compressor& compressor : all_compressors()) {
        if (std::find(keys.begin(), keys.end(), compressor.key) != keys.end()) {
            if (!compressor.missing.empty()) {
                fail("the compressor '", compressor.key, "' cannot be used: ", compressor.missing);
            }
            chosen.push_back(compressor);
        }
    }
    return chosen;
}

}  // namespace bitlaw::baselines
