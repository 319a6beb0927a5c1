#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/coding/archive_index.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/coding/recover.hpp"
#include "support/message.hpp"
#include "support/tiny_model.hpp"

using namespace bitlaw;
using namespace bitlaw::coding;
using namespace bitlaw::model;
using namespace bitlaw::predict;
using namespace bitlaw::test;

namespace {

constexpr std::size_t kBlock = 300;
constexpr std::size_t kPlain = 6 * kBlock - 100;

const StoredModel& tiny() {
    static const StoredModel model = noisy_model(smallest_config(Architecture::modern, 256), 1);
    return model;
}

ModelFinder finder() {
    return [](std::uint64_t) -> const StoredModel& { return tiny(); };
}

// Likely bytes, so that a network's blocks are coded, with noise in the fourth block.
Bytes plain_text(std::uint64_t seed = 1) {
    Bytes text = likely_bytes(tiny(), kPlain, seed);
    const Bytes noise = random_bytes(kBlock, seed + 1);
    std::copy(noise.begin(), noise.end(), text.begin() + 3 * kBlock);
    return text;
}

// Words, so that experts have something to learn, with the same noise.
Bytes words_text() {
    Bytes text;
    Random random(3);
    while (text.size() < kPlain) {
        const std::string word =
            std::string("bits of a model ").substr(random.below(3), 1 + random.below(15));
        text.insert(text.end(), word.begin(), word.end());
    }
    text.resize(kPlain);
    const Bytes noise = random_bytes(kBlock, 2);
    std::copy(noise.begin(), noise.end(), text.begin() + 3 * kBlock);
    return text;
}

Bytes packed(const Bytes& plain, CompressOptions options = {}) {
    options.block_bytes = kBlock;
    Bytes archive;
    (void)compress(
        options.stack.mixer.id != 0 && options.stack.source == NetworkSource::none ? nullptr : &tiny(),
        options, source_of(plain), sink_to(archive));
    return archive;
}

// Experts alone; two blocks a chain unless it is 0.
Bytes mixed(const Bytes& plain, std::uint64_t chain_bytes = 0) {
    CompressOptions options;
    options.chain_bytes = chain_bytes;
    mix_with(options, {.set = ExpertSet::fast, .bytes = kPlain, .memory = kMinMixingMemory});
    return packed(plain, options);
}

// Where block `number` begins, by the index.
std::size_t block_begin(const Bytes& archive, std::size_t number) {
    const ArchiveIndex index =
        read_index({archive.size(), [&](std::uint64_t offset, std::span<std::uint8_t> buffer) {
                        const ByteSpan left = ByteSpan(archive).subspan(static_cast<std::size_t>(offset));
                        const std::size_t count = std::min(left.size(), buffer.size());
                        std::copy_n(left.begin(), count, buffer.begin());
                        return count;
                    }});
    std::size_t begin = index.first_block;
    for (std::size_t i = 0; i < number; ++i) {
        begin += index.blocks[i].archive_bytes;
    }
    return begin;
}

struct Recovered {
    Bytes bytes;
    Recovery recovery;
};

Recovered recovered(const Bytes& archive, const StoredModel* stand_in = nullptr) {
    Recovered result;
    result.recovery = recover(finder(), stand_in, archive, sink_to(result.bytes), {});
    std::uint64_t end = 0;
    for (const RecoveredPart& part : result.recovery.parts) {
        REQUIRE(part.begin == end);
        end += part.bytes;
    }
    REQUIRE(end == result.bytes.size());
    return result;
}

// The gaps as "begin+bytes kind, ...".
std::string gaps(const Recovered& r) {
    std::string text;
    for (const RecoveredPart& part : r.recovery.parts) {
        if (part.missing) {
            text += (text.empty() ? "" : ", ") + std::to_string(part.begin) + "+" +
                    std::to_string(part.bytes) +
                    (part.length == GapLength::exact    ? ""
                     : part.length == GapLength::likely ? " likely"
                                                        : " unknown");
        }
    }
    return text;
}

// All that is said to be restored is as it was, where all lengths are right.
bool agrees(const Recovered& r, const Bytes& plain) {
    return std::all_of(r.recovery.parts.begin(), r.recovery.parts.end(), [&](const RecoveredPart& part) {
        const bool inside = part.begin + part.bytes <= plain.size();
        const auto begin = static_cast<std::ptrdiff_t>(part.begin);
        const auto end = static_cast<std::ptrdiff_t>(part.begin + part.bytes);
        return part.missing ? std::all_of(r.bytes.begin() + begin, r.bytes.begin() + end,
                                          [](std::uint8_t byte) { return byte == 0; })
                            : inside && std::equal(r.bytes.begin() + begin, r.bytes.begin() + end,
                                                   plain.begin() + begin);
    });
}

Bytes cut_out(Bytes archive, std::size_t begin, std::size_t count) {
    archive.erase(archive.begin() + static_cast<std::ptrdiff_t>(begin),
                  archive.begin() + static_cast<std::ptrdiff_t>(begin + count));
    return archive;
}

Bytes flipped(Bytes archive, std::size_t place) {
    archive[place] ^= 0x40;
    return archive;
}

}  // namespace

TEST_CASE("recover: a whole archive is restored, and nothing is missing") {
    const Bytes plain = words_text();
    for (const Bytes& archive : {packed(plain), mixed(plain), mixed(plain, 2 * kBlock)}) {
        const Recovered r = recovered(archive);
        CHECK(r.recovery.complete());
        CHECK(r.bytes == plain);
        CHECK(r.recovery.parts.size() == 1);
        CHECK(r.recovery.restored_bytes == kPlain);
    }
}

TEST_CASE("recover: a damaged block leaves a gap of its length") {
    const Bytes plain = plain_text();
    const Bytes archive = packed(plain);
    for (std::size_t number = 0; number < 6; ++number) {
        for (const std::size_t at : {0, 1, 2, 20}) {
            const Recovered r = recovered(flipped(archive, block_begin(archive, number) + at));
            const std::size_t bytes = number == 5 ? kBlock - 100 : kBlock;
            CHECK(gaps(r) == std::to_string(number * kBlock) + "+" + std::to_string(bytes));
            CHECK(r.bytes.size() == kPlain);
            CHECK(agrees(r, plain));
            CHECK(r.recovery.missing_bytes == bytes);
        }
    }
}

TEST_CASE("recover: bytes that were cut out or put in shift nothing but their block") {
    const Bytes plain = plain_text();
    const Bytes archive = packed(plain);
    const std::size_t third = block_begin(archive, 2);
    Bytes longer = archive;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(third + 30), 77, 9);
    for (const Bytes& damaged : {cut_out(archive, third + 20, 33), longer}) {
        const Recovered r = recovered(damaged);
        CHECK(gaps(r) == "600+300");
        CHECK(agrees(r, plain));
    }
    // Two whole blocks and a piece of the next are gone.
    const Recovered r = recovered(cut_out(archive, third, block_begin(archive, 4) + 5 - third));
    CHECK(gaps(r) == "600+900");
    CHECK(agrees(r, plain));
}

TEST_CASE(
    "recover: without its end an archive gives all blocks before it, and says that the end is missing") {
    const Bytes plain = plain_text();
    const Bytes archive = packed(plain);
    Bytes cut = archive;
    cut.resize(block_begin(archive, 4) + 50);
    Recovered r = recovered(cut);
    CHECK(gaps(r) == "1200+300 likely, 1500+0 unknown");
    CHECK(agrees(r, plain));
    // In the blocks before it, one that is damaged: payload, then its header.
    for (const std::size_t at : {30, 1}) {
        r = recovered(flipped(cut, block_begin(archive, 1) + at));
        CHECK(gaps(r) == "300+300 likely, 1200+300 likely, 1500+0 unknown");
        CHECK(agrees(r, plain));
    }
    // Only the index is damaged: nothing is missing.
    r = recovered(flipped(archive, archive.size() - 14));
    CHECK(gaps(r).empty());
    CHECK(r.bytes == plain);
}

TEST_CASE("recover: a chain is restored up to its first gap; what needs no chain behind it too") {
    const Bytes plain = words_text();
    const Bytes one = mixed(plain);
    Recovered r = recovered(flipped(one, block_begin(one, 1) + 20));
    // The fourth block is noise, which is stored.
    CHECK(gaps(r) == "300+300, 600+300, 1200+500");
    CHECK(agrees(r, plain));
    CHECK(holds(r.recovery.parts[2].why, "the blocks before it"));
    const Bytes two = mixed(plain, 2 * kBlock);
    r = recovered(flipped(two, block_begin(two, 0) + 20));
    CHECK(gaps(r) == "0+300, 300+300");
    CHECK(agrees(r, plain));
}

TEST_CASE("recover: archives that follow each other") {
    const Bytes first = plain_text(1);
    const Bytes second = words_text();
    const Bytes a = packed(first);
    const Bytes b = mixed(second);
    Bytes both = a;
    both.insert(both.end(), b.begin(), b.end());
    Bytes plain = first;
    plain.insert(plain.end(), second.begin(), second.end());
    CHECK(recovered(both).bytes == plain);
    const Recovered r = recovered(flipped(both, block_begin(a, 3) + 40));
    CHECK(gaps(r) == "900+300");
    CHECK(agrees(r, plain));
    CHECK(r.recovery.archives == 2);
    // The first one's index, and the second one's header.
    CHECK(recovered(flipped(both, a.size() - 14)).bytes == plain);
    const Recovered headless = recovered(flipped(both, a.size() + 5));
    CHECK(headless.recovery.restored_bytes >= kPlain);
    CHECK_FALSE(headless.recovery.complete());
    // An archive that is stored inside another is no archive of the file.
    CompressOptions stored;
    stored.fallback = Fallback::never;
    const Bytes nested = packed(a, stored);
    CHECK(recovered(flipped(nested, block_begin(nested, 1) + 30)).recovery.archives == 1);
}

TEST_CASE("recover: models") {
    const Bytes plain = plain_text();
    CompressOptions embedding;
    embedding.embed_model = true;
    const Bytes alone = packed(plain, embedding);
    const ModelFinder nowhere = [](std::uint64_t id) -> const StoredModel& { fail("no model ", id); };
    Bytes out;
    CHECK(recover(nowhere, nullptr, alone, sink_to(out), {}).complete());
    CHECK(out == plain);
    // A damaged model is looked for elsewhere; without it only stored blocks come back.
    const Bytes damaged = flipped(alone, 100);
    CHECK(recovered(damaged).bytes == plain);
    out.clear();
    const Recovery without = recover(nowhere, nullptr, damaged, sink_to(out), {});
    CHECK_FALSE(without.complete());
    CHECK(without.restored_bytes == kBlock);
    CHECK(out.size() == kPlain);
    // A model that is only missing is an error: name it and try again.
    CHECK(holds(message_of<Error>([&] { (void)recover(nowhere, nullptr, packed(plain), sink_to(out), {}); }),
                "no model"));
    // Without a header: the caller says which model it was.
    const Bytes headless = flipped(packed(plain), 6);
    CHECK(recovered(headless, &tiny()).bytes == plain);
    const Recovered blind = recovered(headless);
    CHECK(blind.recovery.restored_bytes == kBlock);
    CHECK(holds(blind.recovery.parts[0].why, "name the model"));
}

TEST_CASE("recover: what is no archive is refused, a full sink too") {
    CHECK(holds(message_of<Error>([] { (void)recovered({}); }), "no header, no block and no index"));
    CHECK(holds(message_of<Error>([] { (void)recovered(random_bytes(50'000, 3)); }), "no header, no block"));
    const Bytes archive = packed(plain_text());
    CHECK(message_of<Error>([&] {
              (void)recover(finder(), nullptr, archive, [](ByteSpan) { fail("the disk is full"); }, {});
          }) == "the disk is full");
    CHECK(message_of<Stopped>([&] {
              Bytes out;
              (void)recover(finder(), nullptr, archive, sink_to(out),
                            [](std::uint64_t, std::uint64_t) { throw Stopped("stop"); });
          }) == "stop");
}

TEST_CASE("recover: any damage gives a map that is right, or an error") {
    const Bytes plain = words_text();
    const std::vector<Bytes> archives{packed(plain), mixed(plain), mixed(plain, 2 * kBlock)};
    Random random(5);
    int complete = 0;
    for (int round = 0; round < 400; ++round) {
        Bytes damaged = archives[random.below(archives.size())];
        for (std::uint64_t i = random.below(4) + 1; i > 0 && damaged.size() > 1; --i) {
            const std::size_t at = random.below(damaged.size());
            switch (random.below(5)) {
                case 0: damaged = flipped(std::move(damaged), at); break;
                case 1: damaged.resize(at); break;
                case 2:
                    damaged = cut_out(std::move(damaged), at, random.below(damaged.size() - at) / 4);
                    break;
                case 3: damaged.insert(damaged.begin() + static_cast<std::ptrdiff_t>(at), 5, 0x57); break;
                default: damaged[at] = static_cast<std::uint8_t>(random.below(256)); break;
            }
        }
        try {
            const Recovered r = recovered(damaged, &tiny());
            complete += r.recovery.complete() ? 1 : 0;
            // Where a length is not known, what follows stands elsewhere.
            const bool known = std::all_of(r.recovery.parts.begin(), r.recovery.parts.end(),
                                           [](const auto& part) { return part.length == GapLength::exact; });
            if (known && r.bytes.size() == plain.size()) {
                CHECK(agrees(r, plain));
            }
        } catch (const Error& error) {
            CHECK(holds(error.what(), "no header, no block"));
        }
    }
    CHECK(complete < 100);
}
