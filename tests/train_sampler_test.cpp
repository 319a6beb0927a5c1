#include <doctest/doctest.h>

#include <map>
#include <set>

#include "bitlaw/base/error.hpp"
#include "bitlaw/train/sampler.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::symbols;
using namespace bitlaw::train;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::write_text;

namespace {

// A corpus of two files whose bytes tell where they are: byte i of file f is 100 f + i.
class CountingCorpus {
   public:
    CountingCorpus(std::size_t first, std::size_t second) : corpus_(make(first, second)) {}
    [[nodiscard]] const Corpus& corpus() const { return corpus_; }

   private:
    Corpus make(std::size_t first, std::size_t second) {
        std::vector<std::string> names;
        for (const std::size_t size : {first, second}) {
            std::string text;
            for (std::size_t i = 0; i < size; ++i) {
                text += static_cast<char>(100 * names.size() + i);
            }
            names.push_back((folder_ / std::to_string(names.size())).string());
            write_text(names.back(), text);
        }
        return Corpus(names);
    }
    TemporaryFolder folder_;
    Corpus corpus_;
};

}  // namespace

TEST_CASE("permuted is a bijection for every count") {
    for (std::uint64_t count = 1; count <= 300; ++count) {
        for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{12345}, ~std::uint64_t{0}}) {
            std::vector<bool> seen(count);
            for (std::uint64_t index = 0; index < count; ++index) {
                const std::uint64_t image = permuted(index, count, key);
                REQUIRE(image < count);
                REQUIRE_FALSE(seen[image]);
                seen[image] = true;
            }
        }
    }
    std::vector<bool> seen(100'003);
    for (std::uint64_t index = 0; index < seen.size(); ++index) {
        const std::uint64_t image = permuted(index, seen.size(), 7);
        REQUIRE_FALSE(seen[image]);
        seen[image] = true;
    }
    CHECK(permuted(std::uint64_t{1} << 61, std::uint64_t{1} << 62, 1) < std::uint64_t{1} << 62);
}

TEST_CASE("permuted mixes: places are uniform over keys, neighbours are torn apart") {
    // Chi-square over the image of index 0 for 5,000 keys into 5 cells, 4 degrees of freedom: mean 4,
    // deviation sqrt(8). 30 lies 9 deviations off, which chance does not do; a key that were ignored would
    // give 20,000.
    std::vector<double> cells(5);
    for (std::uint64_t key = 0; key < 5000; ++key) {
        cells[permuted(0, 5, key * 0x9E37'79B9'7F4A'7C15)] += 1.0;
    }
    double chi_square = 0.0;
    for (const double cell : cells) {
        chi_square += (cell - 1000.0) * (cell - 1000.0) / 1000.0;
    }
    CHECK(chi_square < 30.0);
    std::size_t adjacent = 0;
    for (std::uint64_t index = 0; index + 1 < 1000; ++index) {
        adjacent += permuted(index + 1, 1000, 3) == permuted(index, 1000, 3) + 1 ? 1 : 0;
    }
    CHECK(adjacent < 10);  // chance: about 1
}

TEST_CASE("an epoch visits whole sequences of every range once, from a phase that changes") {
    const CountingCorpus data(45, 31);
    constexpr std::size_t kPositions = 10;
    Sampler sampler(data.corpus(), kPositions, 5);
    std::set<std::pair<unsigned, unsigned>> phases;
    std::set<std::vector<Symbol>> orders;
    for (int epoch = 0; epoch < 20; ++epoch) {
        std::map<Symbol, unsigned> starts;
        std::vector<Symbol> order;
        std::vector<Symbol> sequence(kPositions);
        do {
            sampler.next(sequence);
            for (std::size_t i = 1; i < kPositions; ++i) {
                REQUIRE(sequence[i] == sequence[0] + i);  // contiguous, so within one file
            }
            ++starts[sequence[0]];
            order.push_back(sequence[0]);
        } while (sampler.position().index < sampler.epoch_sequences());
        CHECK(sampler.position().epoch == static_cast<std::uint64_t>(epoch));
        const unsigned phase0 = starts.begin()->first;
        const unsigned phase1 = starts.lower_bound(100)->first - 100U;
        CHECK(phase0 < kPositions);
        CHECK(phase1 < kPositions);
        CHECK(starts.size() == (45 - phase0) / kPositions + (31 - phase1) / kPositions);
        for (const auto& [start, count] : starts) {
            CHECK(count == 1);
            CHECK((start % 100 - (start < 100 ? phase0 : phase1)) % kPositions == 0);
        }
        phases.insert({phase0, phase1});
        orders.insert(order);
    }
    CHECK(phases.size() > 10);
    CHECK(orders.size() > 15);
}

TEST_CASE("a range of exactly one sequence is always read from its start") {
    const CountingCorpus data(10, 10);
    Sampler sampler(data.corpus(), 10, 1);
    std::vector<Symbol> sequence(10);
    for (int i = 0; i < 20; ++i) {
        sampler.next(sequence);
        CHECK(sequence[0] % 100 == 0);
    }
    CHECK(sampler.position() == CorpusPosition{.epoch = 9, .index = 2});
}

TEST_CASE("a sampler continues exactly from a saved position; seeds differ") {
    const CountingCorpus data(50, 40);
    Sampler straight(data.corpus(), 7, 11);
    Sampler other(data.corpus(), 7, 12);
    std::vector<Symbol> a(7);
    std::vector<Symbol> b(7);
    std::size_t differing = 0;
    for (int i = 0; i < 60; ++i) {
        Sampler resumed(data.corpus(), 7, 11);
        resumed.seek(straight.position());
        straight.next(a);
        resumed.next(b);
        REQUIRE(a == b);
        CHECK(resumed.position() == straight.position());
        other.next(b);
        differing += a != b ? 1 : 0;
    }
    CHECK(differing > 30);
    CHECK_THROWS_AS(straight.seek({.epoch = 3, .index = 99}), Error);
    CHECK_NOTHROW(straight.seek({.epoch = ~std::uint64_t{0}, .index = 0}));
}

TEST_CASE(
    "weights: shares are kept to one sequence at any time, each range has its own epochs, seek replays") {
    const TemporaryFolder folder;
    write_text(folder / "a", std::string(40, 'a'));
    write_text(folder / "b", std::string(12, 'b'));
    const std::string a = (folder / "a").string();
    const std::string b = (folder / "b").string();
    const Corpus corpus({a + ":3", b + "@2:12:1"});
    CHECK(corpus.weights() == std::vector<double>{0.75, 0.25});
    Sampler sampler(corpus, 4, 9);
    std::vector<Symbol> sequence(4);
    std::vector<std::vector<Symbol>> drawn;
    double of_a = 0;
    for (std::size_t n = 1; n <= 50; ++n) {
        sampler.next(sequence);
        drawn.push_back(sequence);
        of_a += sequence[0] == 'a' ? 1 : 0;
        CHECK(std::abs(of_a - 0.75 * static_cast<double>(n)) <= 1.0);
    }
    CHECK(sampler.position() == CorpusPosition{0, 50});
    Sampler resumed(corpus, 4, 9);
    resumed.seek({0, 23});
    for (std::size_t n = 23; n < 50; ++n) {
        resumed.next(sequence);
        CHECK(sequence == drawn[n]);
    }
    CHECK(holds(message_of<Error>([&] { resumed.seek({1, 0}); }), "damaged"));
}

TEST_CASE("weights are read behind the last colon, and refused when they are no weights") {
    CHECK(parse_weighted_range("text:0.7").range == "text");
    CHECK(parse_weighted_range("text:0.7").weight == 0.7);
    CHECK(parse_weighted_range("text@1M:2M").range == "text@1M:2M");
    CHECK_FALSE(parse_weighted_range("text@1M:2M").weight.has_value());
    CHECK(parse_weighted_range("text@1M:2M:3").range == "text@1M:2M");
    CHECK(parse_weighted_range("text@1M:2M:3").weight == 3.0);
    CHECK(parse_weighted_range("text@:").range == "text@:");
    for (const char* text : {"text:0", "text:-1", "text:x", "text:", "text:nan", "text:1e7"}) {
        CHECK(holds(message_of<UsageError>([&] { (void)parse_weighted_range(text); }), "weight"));
    }
    const TemporaryFolder folder;
    write_text(folder / "a:1", "abc");
    CHECK(parse_weighted_range((folder / "a:1").string()).range == (folder / "a:1").string());
    write_text(folder / "b", "abc");
    CHECK(holds(message_of<UsageError>([&] {
                    (void)Corpus({(folder / "b").string() + ":1", (folder / "a:1").string()});
                }),
                "give each of them one"));
}

TEST_CASE("a beginning of the order of 40 GB is spread evenly over all of them") {
    constexpr std::uint64_t kCount = 40'000'000'000 / 512;
    constexpr std::size_t kDrawn = 20'000;
    std::vector<std::size_t> drawn(10, 0);
    for (std::uint64_t i = 0; i < kDrawn; ++i) {
        ++drawn[static_cast<std::size_t>(permuted(i, kCount, 7) * 10 / kCount)];
    }
    for (const std::size_t count : drawn) {  // 2,000 expected, standard deviation 42
        CHECK(count > 2000 - 5 * 42);
        CHECK(count < 2000 + 5 * 42);
    }
}
