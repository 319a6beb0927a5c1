#pragma once
/// \file Makes every check of a damaged file right again, so that forged fields reach the parsers behind the
/// checks.
///
/// A second reader of docs/FORMAT.md, independent of the library's: it follows the structure as far as it
/// makes sense and corrects the checks where a reader would look for them.

#include <cstdint>
#include <optional>

#include "bitlaw/base/bytes.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/model/config.hpp"
#include "bitlaw/model/config_facts.hpp"

namespace bitlaw::test {

class Resealer {
   public:
    explicit Resealer(Bytes file) : file_(std::move(file)) {}

    /// A model file that fills the bytes from `begin` to `end`; returns its model id when it gets that far.
    std::optional<std::uint64_t> model(std::size_t begin, std::size_t end) {
        constexpr std::size_t kConfig = 8;
        constexpr std::size_t kId = kConfig + model::kConfigBytes + 1;
        constexpr std::size_t kWeights = kId + 16;
        if (end - begin < kWeights + 8) {
            return {};
        }
        std::optional<std::uint64_t> id;
        const std::uint64_t bytes = get(begin + kId + 8, 8);
        if (bytes <= end - begin - kWeights - 8) {
            Bytes identity(file_.begin() + at(begin + kConfig),
                           file_.begin() + at(begin + kConfig + model::kConfigBytes));
            identity.insert(identity.end(), file_.begin() + at(begin + 6), file_.begin() + at(begin + 8));
            identity.push_back(file_[begin + kConfig + model::kConfigBytes]);
            identity.insert(identity.end(), file_.begin() + at(begin + kWeights),
                            file_.begin() + at(begin + kWeights + bytes));
            id = hash64(identity);
            put(begin + kId, *id, 8);
        }
        put(end - 8, hash64(ByteSpan(file_).subspan(begin, end - 8 - begin)), 8);
        return id;
    }

    void archive() {
        place_ = 16;
        std::uint64_t reset = 0;
        std::uint64_t model_bytes = 0;
        if (file_.size() < place_ || !varint(reset) || !varint(model_bytes)) {
            return;
        }
        version_ = file_[4];
        if (version_ == 2 && !method_and_stack()) {
            return;
        }
        const std::size_t check = place_;
        if (check + 4 > file_.size()) {
            return;
        }
        if (model_bytes > 0 && model_bytes <= file_.size() - check - 4) {
            if (const auto id = model(check + 4, check + 4 + model_bytes)) {
                put(8, *id, 8);
            }
        }
        put(check, hash64(ByteSpan(file_).first(check)), 4);
        if (model_bytes > file_.size() - check - 4) {
            return;
        }
        place_ = check + 4 + model_bytes;
        for (std::uint64_t number = 0; place_ < file_.size() && block(number); ++number) {
        }
    }

    [[nodiscard]] Bytes take() { return std::move(file_); }

   private:
    static std::ptrdiff_t at(std::size_t index) { return static_cast<std::ptrdiff_t>(index); }

    std::uint64_t get(std::size_t where, std::size_t bytes) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            value |= std::uint64_t{file_[where + i]} << (8 * i);
        }
        return value;
    }
    void put(std::size_t where, std::uint64_t value, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i) {
            file_[where + i] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    }
    bool varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && place_ < file_.size(); shift += 7) {
            const std::uint8_t byte = file_[place_++];
            value |= std::uint64_t{byte & 0x7Fu} << shift;
            if (byte < 0x80) {
                return true;
            }
        }
        return false;
    }
    // Passes a length and as many bytes.
    bool skip() {
        std::uint64_t bytes = 0;
        if (!varint(bytes) || bytes > file_.size() - place_) {
            return false;
        }
        place_ += bytes;
        return true;
    }
    // What the header has in format 2 only.
    bool method_and_stack() {
        std::uint64_t number = 0;  // chain, streams
        ++place_;
        return place_ <= file_.size() && varint(number) && varint(number) && skip();
    }
    // False at the trailer or where the structure breaks.
    bool block(std::uint64_t number) {
        const std::size_t begin = place_;
        const std::uint8_t type = file_[place_++];
        if (type == 0) {
            trailer(begin);
            return false;
        }
        std::uint64_t payload = 0;
        if ((type > 3 && version_ == 1) || !varint(payload)) {
            return false;
        }
        if (type != 1 && version_ == 2 && !skip()) {
            return false;
        }
        if (type != 1) {
            std::uint64_t streams = 0;
            if (!varint(streams)) {
                return false;
            }
            payload = 0;
            for (std::uint64_t i = 0; i < streams; ++i) {
                std::uint64_t bytes = 0;
                if (!varint(bytes) || bytes > file_.size()) {
                    return false;
                }
                payload += bytes;
            }
        }
        if (place_ + 12 > file_.size() || payload > file_.size() - place_ - 12) {
            return false;
        }
        if (type == 1) {
            put(place_, hash64(ByteSpan(file_).subspan(place_ + 8, payload)), 8);
        }
        place_ += 8 + payload;
        Bytes covered(8);
        for (std::size_t i = 0; i < 8; ++i) {
            covered[i] = static_cast<std::uint8_t>(number >> (8 * i));
        }
        covered.insert(covered.end(), file_.begin() + at(begin), file_.begin() + at(place_));
        put(place_, hash64(covered), 4);
        place_ += 4;
        return true;
    }
    void trailer(std::size_t begin) {
        std::uint64_t value = 0;
        std::uint64_t blocks = 0;
        if (!varint(value) || !varint(blocks)) {
            return;
        }
        for (std::uint64_t i = 0; i < blocks; ++i) {
            if (!varint(value) || !varint(value)) {
                return;
            }
        }
        if (place_ + 4 <= file_.size()) {
            put(place_, hash64(ByteSpan(file_).subspan(begin, place_ - begin)), 4);
        }
    }

    Bytes file_;
    std::size_t place_ = 0;
    std::uint8_t version_ = 1;
};

/// The archive with all checks, the embedded model's id and the hashes of stored blocks recomputed.
[[nodiscard]] inline Bytes resealed_archive(Bytes archive) {
    Resealer sealer(std::move(archive));
    sealer.archive();
    return sealer.take();
}

/// The model file with its id and hash recomputed.
[[nodiscard]] inline Bytes resealed_model(Bytes file) {
    const std::size_t size = file.size();
    Resealer sealer(std::move(file));
    (void)sealer.model(0, size);
    return sealer.take();
}

}  // namespace bitlaw::test
