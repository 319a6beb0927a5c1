#include <set>

#include "support/block_conformance.hpp"

using namespace bitlaw;
using namespace bitlaw::model;

namespace {

BlockSpec attention(std::size_t kv_heads, bool qk_norm, CachePrecision cache) {
    return {.kind = &kAttention,
            .width = test::kBlockWidth,
            .attention = {.heads = 2,
                          .kv_heads = kv_heads,
                          .head_width = 16,
                          .window = 9,
                          .qk_norm = qk_norm,
                          .cache = cache}};
}

/// Heads that the kernels do not have: they are computed with zeros behind.
BlockSpec narrow_heads() {
    BlockSpec block = attention(1, false, CachePrecision::bf16);
    block.attention.head_width = 6;
    return block;
}

BlockSpec hidden(const Block& kind, HiddenOptions options) {
    options.width = 23;
    return {.kind = &kind, .width = test::kBlockWidth, .hidden = options};
}

/// Every kind with the options that change what it computes.
std::vector<BlockSpec> all_blocks() {
    return {attention(1, true, CachePrecision::bf16),
            attention(2, false, CachePrecision::fp32),
            narrow_heads(),
            hidden(kMlp, {.activation = &kSquaredRelu}),
            hidden(kMlp, {.activation = &kGelu, .biases = true}),
            hidden(kSiluGatedMlp, {}),
            hidden(kSquaredReluGatedMlp, {})};
}

}  // namespace

TEST_CASE("every kind of block is in the suite") {
    std::set<const Block*> kinds;
    for (const BlockSpec& block : all_blocks()) {
        kinds.insert(block.kind);
    }
    CHECK(kinds == std::set<const Block*>(std::begin(kBlocks), std::end(kBlocks)));
}

TEST_CASE("every block passes the conformance suite") {
    for (const BlockSpec& block : all_blocks()) {
        test::check_block(block);
    }
}

TEST_CASE("layers may have any blocks in any order, of either norm") {
    BlockSpec last = hidden(kMlp, {.activation = &kGelu, .biases = true});
    last.norm = Norm::post_layer;
    const BlockSpec first = hidden(kMlp, {.activation = &kSquaredRelu});
    const BlockSpec middle = attention(1, true, CachePrecision::fp32);
    NetworkSpec spec = test::network_of(middle, Arithmetic::fp32);
    spec.layers = {{first, middle, middle, last}, {last}, {middle, first}};
    const std::vector<symbols::Symbol> symbols = test::random_symbols(3 * 70, test::kBlockAlphabet);
    const Model model = test::noisy_network(spec, 7);
    test::check_gradients(model, std::span(symbols).first(2 * 22), 22, 0);
    test::check_same_bits(model, {symbols, 3, 70});
    test::check_streams(model, symbols, 70);
}

TEST_CASE("a head with gains has gradients, and one that is tied to the embedding has its bits everywhere") {
    NetworkSpec spec = test::network_of(hidden(kSiluGatedMlp, {}), Arithmetic::fp32);
    BlockSpec attends = narrow_heads();
    attends.attention.cache = CachePrecision::fp32;  // rounding has no derivative
    spec.layers.push_back({attends});
    spec.rotary.width = 6;
    spec.head.rms_norm = spec.head.gain = true;
    spec.head.epsilon = 1e-2F;
    const std::vector<symbols::Symbol> symbols = test::random_symbols(3 * 70, test::kBlockAlphabet);
    const Model model = test::noisy_network(spec, 7);
    test::check_gradients(model, std::span(symbols).first(2 * 22), 22, 0);
    test::check_same_bits(model, {symbols, 3, 70});
    spec.embedding.taps = 0;
    spec.head.tied = true;
    const Model tied = test::noisy_network(spec, 7);
    CHECK(tied.layout.output.size() == 0);
    test::check_streams(tied, symbols, 70);
    const PackedModel packed(tied, PackFor::inference);
    Network network(packed);
    const plain::PlainNetwork plain(spec);
    const std::vector<double> weights(tied.weights.begin(), tied.weights.end());
    CHECK(network.loss({symbols, 3, 70}) * std::log(2.0) ==
          doctest::Approx(plain.loss(weights, symbols, 70)).epsilon(1e-5));
}
