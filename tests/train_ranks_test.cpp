#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/learn/learner.hpp"
#include "bitlaw/train/ranks.hpp"
#include "bitlaw/train/training_state.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_ranks.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::learn;
using namespace bitlaw::model;
using namespace bitlaw::train;
using bitlaw::test::file_bytes;
using bitlaw::test::holds;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::ThreadRanks;
using bitlaw::test::tiny_options;

namespace {

// Values of very different sizes, so that another order of additions gives other bits.
std::vector<Floats> random_leaves(std::size_t count, std::size_t size) {
    Random random(count);
    std::vector<Floats> leaves(count, Floats(size));
    for (Floats& leaf : leaves) {
        for (float& value : leaf) {
            value = static_cast<float>(random.normal() * static_cast<double>(1 + random.below(1000)));
        }
    }
    return leaves;
}

void add_leaves(const std::vector<Floats>& leaves, const LeafRange& range, GradientSum& sum) {
    for (std::size_t leaf = range.first; leaf < range.last; ++leaf) {
        std::copy(leaves[leaf].begin(), leaves[leaf].end(), sum.open().begin());
        sum.close();
    }
}

// A run of 8 leaves a step: sequences are longer than a leaf.
TrainOptions leafy_options(const std::filesystem::path& data, const std::filesystem::path& out,
                           std::uint64_t steps) {
    TrainOptions options = tiny_options(data, out, steps, 1);
    options.config.context = 4096;
    options.config.window = 32;
    options.data = {data.string() + "@:50000:0.6", data.string() + "@50000:90000:0.4"};
    options.validation = {data.string() + "@90000:"};
    options.validation_bytes = 3 * 4096;
    options.validate_every = 2;
    options.batch_tokens = 8 * options.config.context;
    options.tokens = steps * options.batch_tokens;
    return options;
}

class Runs {
   public:
    Runs() { test::write_text(data(), test::random_text(110'000, 1)); }
    [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
    [[nodiscard]] TrainOptions options(const std::string& out, std::uint64_t steps = 4) const {
        return leafy_options(data(), folder_ / out, steps);
    }
    [[nodiscard]] Bytes bytes(const std::string& out, const char* file) const {
        return file_bytes(folder_ / out / file);
    }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

   private:
    TemporaryFolder folder_;
};

std::vector<std::string> train_on(std::size_t ranks, const TrainOptions& options) {
    return ThreadRanks::run(ranks, [&](Ranks& mine) {
        const std::atomic<bool> stop{false};
        TrainOptions own = options;
        if (!mine.is_first()) {
            own.warn = {};
        }
        (void)train::train(own, {}, stop, {}, mine);
    });
}

bool are_quiet(const std::vector<std::string>& said) {
    return std::all_of(said.begin(), said.end(), [](const std::string& text) { return text.empty(); });
}

}  // namespace

TEST_CASE("ranks sum any number of leaves by the tree of one process") {
    constexpr std::size_t kSize = 997;  // no multiple of a cache line
    for (std::size_t count = 1; count <= 17; ++count) {
        const std::vector<Floats> leaves = random_leaves(count, kSize);
        GradientSum whole(kSize);
        add_leaves(leaves, {0, count}, whole);
        const Floats expected(whole.total().begin(), whole.total().end());
        for (const std::size_t ranks : {1, 2, 3, 4, 5, 8}) {
            CAPTURE(count);
            CAPTURE(ranks);
            std::atomic<std::size_t> equal{0};
            const auto said = ThreadRanks::run(ranks, [&](Ranks& mine) {
                GradientSum own(kSize);
                for (int round = 0; round < 2; ++round) {  // the second one in used buffers
                    const LeafRange range = mine.share(count);
                    own.start_at(range.first);
                    add_leaves(leaves, range, own);
                    const std::span<const float> sum = mine.sum(own, count);
                    equal += std::equal(sum.begin(), sum.end(), expected.begin(), expected.end()) ? 1 : 0;
                    own.clear();
                }
            });
            CHECK(are_quiet(said));
            CHECK(equal == 2 * ranks);
        }
    }
}

TEST_CASE("what a rank sends of a gradient does not grow with the number of ranks") {
    constexpr std::size_t kSize = 1 << 14;
    const std::vector<Floats> leaves = random_leaves(8, kSize);
    for (const std::size_t ranks : {2, 4, 8}) {
        const std::uint64_t expected = 2 * (ranks - 1) * kSize * sizeof(float) / ranks;
        std::atomic<std::size_t> equal{0};
        ThreadRanks::run(ranks, [&](Ranks& mine) {
            GradientSum own(kSize);
            own.start_at(mine.share(8).first);
            add_leaves(leaves, mine.share(8), own);
            (void)mine.sum(own, 8);
            equal += mine.sent_bytes() == expected ? 1 : 0;
        });
        CHECK(equal == ranks);
    }
}

TEST_CASE("ranks add up code lengths as one chain, and pass on what one of them wishes") {
    Random random(1);
    std::vector<double> lengths(1001);
    std::generate(lengths.begin(), lengths.end(), [&] { return random.uniform() * 20.0; });
    const double expected = chained(0.0, lengths);
    for (const std::size_t ranks : {1, 2, 3, 8}) {
        std::atomic<std::size_t> right{0};
        ThreadRanks::run(ranks, [&](Ranks& mine) {
            const LeafRange range = mine.share(lengths.size());
            std::uint64_t flags = mine.rank() == 1 ? 2 : 4;
            const double sum =
                mine.chain(std::span(lengths).subspan(range.first, range.last - range.first), flags);
            right += sum == expected && flags == (ranks == 1 ? 4 : 6) ? 1 : 0;
        });
        CHECK(right == ranks);
    }
}

TEST_CASE("bytes of any rank reach all, and nobody passes a barrier early") {
    for (const std::size_t ranks : {1, 2, 3, 5, 8}) {
        for (std::size_t from = 0; from < ranks; ++from) {
            std::atomic<std::size_t> come{0};
            std::atomic<std::size_t> right{0};
            ThreadRanks::run(ranks, [&](Ranks& mine) {
                Bytes bytes(mine.rank() == from ? 1000 : mine.rank(), static_cast<std::uint8_t>(mine.rank()));
                mine.broadcast(bytes, from);
                ++come;
                mine.barrier();
                right += bytes == Bytes(1000, static_cast<std::uint8_t>(from)) && come == ranks ? 1 : 0;
            });
            CHECK(right == ranks);
        }
    }
}

TEST_CASE("a training has the same files for any number of ranks, also when it is stopped and resumed") {
    const Runs runs;
    const test::MachineScope scope;
    (void)test::train_quietly(runs.options("one"));
    for (const std::size_t ranks : {2, 3, 4, 8}) {
        CAPTURE(ranks);
        set_thread_count(1 + ranks % 2);
        const std::string name = "ranks" + std::to_string(ranks);
        TrainOptions options = runs.options(name);
        CHECK(are_quiet(train_on(ranks, options)));
        CHECK(runs.bytes(name, kModelFile) == runs.bytes("one", kModelFile));
        CHECK(runs.bytes(name, kStateFile) == runs.bytes("one", kStateFile));
        options.out = runs / (name + "-pieces");
        options.stop_after_steps = 3;
        CHECK(holds(train_on(ranks, options)[1], "stopped after step 3"));
        options.stop_after_steps = 0;
        options.resume = true;
        CHECK(are_quiet(train_on(9 - ranks, options)));
        CHECK(runs.bytes(name + "-pieces", kStateFile) == runs.bytes("one", kStateFile));
    }
}

TEST_CASE("a wish to stop of one rank stops all behind the same step") {
    const Runs runs;
    const TrainOptions options = runs.options("asked");
    const auto said = ThreadRanks::run(3, [&](Ranks& mine) {
        std::atomic<bool> stop{mine.rank() == 2};
        (void)train::train(options, {}, stop, {}, mine);
    });
    for (const std::string& text : said) {
        CHECK(holds(text, "stopped after step 1 of 4"));
        CHECK(!holds(text, "not settled"));
    }
    CHECK(load_state(runs / "asked" / kStateFile).progress.step == 1);
}

TEST_CASE("ranks with other programs, options or data do not begin") {
    const Runs runs;
    test::write_text(runs / "other", test::random_text(110'000, 2));
    const TrainOptions options = runs.options("refused");
    const auto begin = [&](const std::function<void(TrainOptions&)>& change,
                           const std::vector<std::string>& programs = {}) {
        return ThreadRanks::run(
            3,
            [&](Ranks& mine) {
                const std::atomic<bool> stop{false};
                TrainOptions own = options;
                if (mine.rank() == 2) {
                    change(own);
                }
                (void)train::train(own, {}, stop, {}, mine);
            },
            programs);
    };
    const auto all_say = [](const std::vector<std::string>& said, const std::string& text) {
        return std::all_of(said.begin(), said.end(), [&](const std::string& one) {
            return holds(one, text) && !holds(one, "not settled");
        });
    };
    CHECK(all_say(begin([](TrainOptions&) {}, {"a", "a", "b"}),
                  "rank 2 of 3 on node2 has program b, but rank 0 on node0 has program a"));
    CHECK(all_say(begin([](TrainOptions& own) { own.seed = 7; }), "has seed 7, but rank 0"));
    CHECK(all_say(begin([&](TrainOptions& own) {
                      own.data = {(runs / "other").string() + "@:50000:0.6",
                                  (runs / "other").string() + "@50000:90000:0.4"};
                  }),
                  "has training data of 50000 bytes (other, "));
    CHECK(all_say(begin([](TrainOptions& own) { own.data.pop_back(); }), "rank 2 of 3 on node2"));
    const auto missing = begin([&](TrainOptions& own) { own.data = {(runs / "missing").string()}; });
    CHECK(holds(missing[0], "rank 2 of 3 on node2: cannot open "));
    CHECK(missing[2].starts_with("cannot open "));
    CHECK(!std::filesystem::exists(runs / "refused" / kStateFile));
}

TEST_CASE("ranks without a leaf are told of") {
    const Runs runs;
    TrainOptions options = runs.options("few", 1);
    std::vector<std::string> warnings;
    const auto is_of_ranks = [](const std::string& text) { return holds(text, "ranks"); };
    options.warn = [&](const std::string& text) { warnings.push_back(text); };
    CHECK(are_quiet(train_on(8, options)));
    CHECK(std::none_of(warnings.begin(), warnings.end(), is_of_ranks));
    options.overwrite = true;
    options.batch_tokens = 2 * options.config.context;
    options.tokens = options.batch_tokens;
    CHECK(are_quiet(train_on(3, options)));
    warnings.erase(std::remove_if(warnings.begin(), warnings.end(), std::not_fn(is_of_ranks)),
                   warnings.end());
    REQUIRE(warnings.size() == 1);
    CHECK(holds(warnings[0], "a step has 2 leaves of 4,096 bytes, so 1 of 3 ranks has nothing to do"));
    options.minutes = 1;
    options.tokens = 0;
    CHECK(holds(train_on(2, options)[1], "minutes are measured by one process alone"));
}
