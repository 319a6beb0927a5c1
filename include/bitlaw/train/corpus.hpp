#pragma once
/// \file Training data: ranges of bytes of any files, memory-mapped and known by their hashes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitlaw/base/file.hpp"
#include "bitlaw/model/checkpoint.hpp"
#include "bitlaw/symbols/tokenizer.hpp"

namespace bitlaw::train {

/// "range:weight" taken apart.
struct WeightedRange {
    std::string range;
    std::optional<double> weight;  ///< share of the training sequences, relative to the other weights
};

/// Parses "file", "file:0.7", "file@begin:end" or "file@begin:end:0.7". A file that has the whole text as its
/// name wins. Throws UsageError when a weight is not a number above 0 and at most 10^6.
[[nodiscard]] WeightedRange parse_weighted_range(const std::string& text);

/// The range's text taken apart; `end` is kToTheEnd when it was left out.
struct DataRange {
    static constexpr std::uint64_t kToTheEnd = ~std::uint64_t{0};
    std::filesystem::path path;
    std::uint64_t begin = 0;
    std::uint64_t end = kToTheEnd;
};

/// Parses "file" or "file@begin:end" (K, M, G accepted, either side may be empty). A file that has the whole
/// text as its name wins, so names with an @ work. Throws UsageError when the part behind the last @ is no
/// range.
[[nodiscard]] DataRange parse_range(const std::string& text);

/// How many bytes a number of symbols is, on average over some data: as the whole data have. No symbol has
/// less than one byte.
struct SymbolRate {
    std::uint64_t bytes = 1;
    std::uint64_t symbols = 1;
    /// bytes x symbols / bytes of the data, rounded down.
    [[nodiscard]] std::uint64_t symbols_of(std::uint64_t count) const;
    /// symbols x bytes / symbols of the data, rounded up: symbols_of() gives them back.
    [[nodiscard]] std::uint64_t bytes_of(std::uint64_t count) const;
    [[nodiscard]] double bytes_a_symbol() const {
        return static_cast<double>(bytes) / static_cast<double>(symbols);
    }
};

/// Data that are cut into tokens are held in memory as such, 4 bytes each.
inline constexpr std::uint64_t kMostTokenisedBytes = std::uint64_t{1} << 30;

/// Which files Corpus::require_unchanged() hashes again: those whose times or sizes have changed, or all.
enum class LookAgain { where_touched, everywhere };

/// Several ranges of bytes, mapped for as long as the object lives.
class Corpus {
   public:
    /// Maps and hashes the ranges, each of which may have a weight. Throws UsageError for a range outside its
    /// file, or when some have weights and others none; Error for unreadable files.
    explicit Corpus(const std::vector<std::string>& ranges);

    [[nodiscard]] std::size_t ranges() const { return sources_.size(); }
    [[nodiscard]] ByteSpan bytes(std::size_t range) const { return bytes_[range]; }
    [[nodiscard]] const std::filesystem::path& path(std::size_t range) const { return files_[range].path(); }
    [[nodiscard]] const std::vector<model::DataSource>& sources() const { return sources_; }
    /// Shares of the training sequences, sum 1: [ranges], or empty when none was given.
    [[nodiscard]] const std::vector<double>& weights() const { return weights_; }

    /// From now on the symbols are a vocabulary's, of each range by itself: of the first `most_bytes` of all
    /// ranges in turn. Throws UsageError when there are more than kMostTokenisedBytes.
    void tokenise(std::shared_ptr<const symbols::Vocabulary> vocabulary, std::uint64_t most_bytes);
    /// Symbols of a range: its bytes, unless they are a vocabulary's.
    [[nodiscard]] std::uint64_t length(std::size_t range) const;
    /// Those from `begin` on; all must be there.
    void read(std::size_t range, std::uint64_t begin, std::span<symbols::Symbol> out) const;
    /// The bytes that these symbols cover.
    [[nodiscard]] std::uint64_t covered(std::span<const symbols::Symbol> symbols) const;
    /// Of all symbols together; of bytes 1.
    [[nodiscard]] SymbolRate rate() const;

    /// Throws Error naming the first file and offset whose byte the alphabet lacks.
    void require_alphabet(std::uint32_t alphabet) const;
    /// Throws Error naming the first file that was written to since it was mapped, when its range holds other
    /// bytes than those that were hashed then. What the system says of the files decides which are looked at
    /// again, or all are.
    void require_unchanged(LookAgain look) const;
    /// The pages of a range's bytes may leave memory, where they were read one after the other and there are
    /// more than some hundred megabytes of them: so memory stays bounded for any size of data.
    void forget(std::size_t range, ByteSpan part) const;
    void forget() const;  ///< all of them
    /// Throws Error naming the first range shorter than a sequence of `positions` symbols.
    void require_length(std::size_t positions) const;

   private:
    [[nodiscard]] std::uint64_t hash_of(std::size_t range) const;
    [[nodiscard]] bool is_large(std::size_t range) const;

    std::vector<MappedFile> files_;
    std::vector<ByteSpan> bytes_;
    std::vector<model::DataSource> sources_;
    std::vector<double> weights_;
    std::shared_ptr<const symbols::Vocabulary> vocabulary_;  // null: symbols are bytes
    std::vector<std::vector<symbols::Symbol>> tokens_;       // [ranges], where there is one
};

/// Sequences of T = `positions` symbols cut one after another from the start of every range in turn, until
/// `most_symbols` are reached: [n, T], at least one. What is left of a range behind its last whole sequence
/// is skipped.
[[nodiscard]] std::vector<symbols::Symbol> first_sequences(const Corpus& corpus, std::size_t positions,
                                                           std::uint64_t most_symbols);

}  // namespace bitlaw::train
