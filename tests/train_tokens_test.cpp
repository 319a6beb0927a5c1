#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/model/network.hpp"
#include "bitlaw/predict/network_predictor.hpp"
#include "bitlaw/predict/token_bytes.hpp"
#include "bitlaw/symbols/pair_merging.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/training_state.hpp"
#include "support/message.hpp"
#include "support/predictor_conformance.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_ranks.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::kernels;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::symbols;
using namespace bitlaw::train;
using bitlaw::test::file_bytes;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;
using bitlaw::test::ThreadRanks;
using bitlaw::test::train_quietly;

namespace {

/// A folder with data, a vocabulary of its words, and runs on it.
class TokenRuns {
   public:
    TokenRuns() {
        test::write_text(folder_ / "data", text_);
        const Bytes bytes(text_.begin(), text_.end());
        PieceCounts pieces(TextCut::words);
        pieces.add(bytes);
        write_file(folder_ / "words", encode_vocabulary_file(joined_vocabulary(pieces, 300)));
        write_file(folder_ / "others", encode_vocabulary_file(joined_vocabulary(pieces, 290)));
    }
    [[nodiscard]] TrainOptions options(const std::string& out,
                                       Architecture family = Architecture::modern) const {
        TrainOptions options = test::tiny_options(folder_ / "data", folder_ / out, 1);
        options.config = test::tiny_config(family);
        options.tokenizer = folder_ / "words";
        options.batch_tokens = 4 * 32;
        options.tokens = 2500;
        options.validation_bytes = 500;
        return options;
    }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] Bytes bytes(const std::string& out, const char* file) const {
        return file_bytes(folder_ / out / file);
    }
    [[nodiscard]] const std::string& text() const { return text_; }

   private:
    TemporaryFolder folder_;
    std::string text_ = test::random_text(8000, 1);
};

}  // namespace

TEST_CASE("the mean bytes of symbols turn bytes into symbols and back") {
    for (const SymbolRate& rate : {SymbolRate{}, SymbolRate{.bytes = 7, .symbols = 3},
                                   SymbolRate{.bytes = 1'000'000'007, .symbols = 287'654'321}}) {
        for (const std::uint64_t count :
             std::initializer_list<std::uint64_t>{0, 1, 2, 3, 999, 1'234'567'890'123}) {
            CHECK(rate.symbols_of(rate.bytes_of(count)) == count);
            CHECK(rate.symbols_of(count) <= count);
        }
    }
    CHECK(SymbolRate{.bytes = 7, .symbols = 3}.bytes_of(1) == 3);
}

TEST_CASE("a corpus of tokens has its ranges' tokens, and what they cover") {
    const TemporaryFolder folder;
    test::write_text(folder / "a", "aba b\xFF ");
    const std::string path = (folder / "a").string();
    std::vector<Bytes> tokens(2);  // the start, the escape
    for (const std::string text : {"a", "b", "ab", " "}) {
        tokens.emplace_back(text.begin(), text.end());
    }
    const auto vocabulary = std::make_shared<const Vocabulary>(
        tokens, TextCut::words, false, std::vector<std::uint32_t>{}, std::vector<Merge>{});
    Corpus corpus({path, path + "@3:5"});
    CHECK(corpus.length(0) == 7);
    CHECK(corpus.rate().bytes_a_symbol() == 1.0);
    corpus.tokenise(vocabulary, 1000);
    CHECK(corpus.length(0) == 6);  // ab a _ b ? _
    CHECK(corpus.length(1) == 2);
    CHECK(corpus.rate().bytes == 9);
    CHECK(corpus.rate().symbols == 8);
    std::vector<Symbol> read(4);
    corpus.read(0, 2, read);
    CHECK(read == std::vector<Symbol>{5, 3, 1, 5});
    CHECK(corpus.covered(read) == 4);
    CHECK(first_sequences(corpus, 2, 100) == std::vector<Symbol>{4, 2, 5, 3, 1, 5, 5, 3});
    corpus.tokenise(vocabulary, 2);
    CHECK(corpus.length(0) == 1);
    CHECK(corpus.length(1) == 0);
    CHECK(holds(message_of<Error>([&] { corpus.require_length(2); }), "1 tokens"));
}

TEST_CASE("a run on tokens has the same bytes stopped, on any machine and on any number of ranks") {
    const TokenRuns runs;
    for (const Architecture family : {Architecture::modern, Architecture::vanilla}) {
        const TrainResult whole = train_quietly([&] {
            TrainOptions options = runs.options("whole", family);
            options.overwrite = true;
            return options;
        }());
        CHECK(whole.record.tokens > 2000);
        CHECK(whole.record.tokens < 3000);
        CHECK(holds(whole.record.options, "\ntokenizer="));
        const StoredModel model = load_model(whole.model_file);
        REQUIRE(model.model.vocabulary != nullptr);
        CHECK(vocabulary_id(*model.model.vocabulary) == vocabulary_id(load_vocabulary(runs / "words")));

        TrainOptions parts = runs.options("parts", family);
        parts.overwrite = true;
        parts.stop_after_steps = 2;
        CHECK_THROWS_AS(train_quietly(parts), Stopped);
        parts.overwrite = false;
        parts.resume = true;
        parts.stop_after_steps = 0;
        TrainOptions others = parts;
        others.tokenizer = runs / "others";
        CHECK(holds(message_of<UsageError>([&] { train_quietly(others); }), "another value of tokenizer"));
        {
            const test::MachineScope scope;
            choose_isa(available_isas().front());
            set_thread_count(3);
            train_quietly(parts);
        }
        CHECK(runs.bytes("parts", kModelFile) == runs.bytes("whole", kModelFile));
        CHECK(runs.bytes("parts", kStateFile) == runs.bytes("whole", kStateFile));

        for (const std::size_t ranks : {2, 3}) {
            TrainOptions shared = runs.options("ranks", family);
            shared.overwrite = true;
            const auto said = ThreadRanks::run(ranks, [&](Ranks& mine) {
                const std::atomic<bool> stop{false};
                (void)train::train(shared, {}, stop, {}, mine);
            });
            for (const std::string& text : said) {
                CHECK(text == "");
            }
            CHECK(runs.bytes("ranks", kModelFile) == runs.bytes("whole", kModelFile));
            CHECK(runs.bytes("ranks", kStateFile) == runs.bytes("whole", kStateFile));
        }
    }
}

TEST_CASE("the validation of a run on tokens is what the stored model codes, for each byte") {
    const TokenRuns runs;
    const TrainResult result = train_quietly(runs.options("run"));
    const StoredModel stored = load_model(result.model_file);
    const PackedModel packed(stored.model, PackFor::inference);
    Network network(packed);
    const std::string text = runs.text().substr(6000, 500);
    std::vector<Symbol> tokens = Tokenizer(stored.model.vocabulary).encode(Bytes(text.begin(), text.end()));
    tokens.resize(tokens.size() / 32 * 32);
    std::size_t covered = 0;
    for (const Symbol token : tokens) {
        covered += stored.model.vocabulary->bytes(token).size();
    }
    CHECK(covered > tokens.size());
    const double bits = network.loss({.symbols = tokens, .sequences = tokens.size() / 32, .positions = 32});
    CHECK(bits / static_cast<double>(covered) == result.record.validation_bits_per_byte);
}

TEST_CASE("predictors conform: the bytes of a network that was trained on tokens") {
    const TokenRuns runs;
    const StoredModel stored = load_model(train_quietly(runs.options("run")).model_file);
    const PackedModel packed(stored.model, PackFor::inference);
    CHECK(test::violations_of(token_bytes_predictors(packed, 0)) == "");
}

TEST_CASE("what cannot be trained on tokens is said") {
    const TokenRuns runs;
    TrainOptions options = runs.options("x");
    options.tokenizer = runs / "data";
    CHECK(holds(message_of<Error>([&] { train_quietly(options); }), "no vocabulary of bitlaw"));
    options = runs.options("x");
    options.data = {(runs / "data").string() + "@:40"};
    CHECK(holds(message_of<Error>([&] { train_quietly(options); }), "tokens, and at least 32"));
    options = runs.options("x");
    options.validation_bytes = 20;
    CHECK(holds(message_of<UsageError>([&] { train_quietly(options); }), "fewer tokens"));
    CHECK_FALSE(std::filesystem::exists(runs / "x" / "model.blm"));
}
