#include "bitlaw/coding/codec.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "block_plan.hpp"
#include "method_chain.hpp"

namespace bitlaw::coding {

using namespace model;

namespace {

// The oldest format that has the method; what only newer ones have is refused in it.
ArchiveHeader header_for(const StoredModel* model, const CompressOptions& options, const BlockPlan& plan) {
    const Method* method = find_method(options.table, options.method, kMaxArchiveVersion);
    if (method == nullptr) {
        fail_usage("there is no method ", int{options.method});
    }
    ArchiveHeader header{.arithmetic_version = kArithmeticVersion,
                         .model_id = model == nullptr ? 0 : model->id,
                         .reset_every = plan.reset_every,
                         .version = method->version};
    if (header.version >= 2) {
        const bool named = options.stack.source == NetworkSource::model;
        if (named && model == nullptr) {
            fail_usage("the stack has a model's network; name the model");
        }
        header.model_id = named ? model->id : 0;
        header.method = options.method;
        header.chain = options.chain_bytes;
        header.streams = options.streams.value_or(0);
        header.stack = encode_stack(options.stack);
    } else if (options.chain_bytes != 0) {
        fail_usage("blocks of ", method->name, " know nothing of each other, so that they have no chain");
    }
    return header;
}

// The archive's network, packed when it is first needed.
MethodContext context_for(const StoredModel* model, const CompressOptions& options, const BlockPlan& plan,
                          std::optional<PackedModel>& packed) {
    const auto needed = [model]() -> const StoredModel& {
        if (model == nullptr) {
            fail_usage("this way of coding needs a model; name one");
        }
        return *model;
    };
    return {.model = needed,
            .packed = [needed, &packed]() -> const PackedModel& {
                if (!packed) {
                    packed.emplace(needed().model, PackFor::inference);
                }
                return *packed;
            },
            .reset_every = plan.reset_every,
            .streams = options.streams,
            .stack = options.stack};
}

struct WrittenBlock {
    BlockHeader header;
    std::vector<Bytes> payloads;  // of the streams; none when stored
    bool seen = false;            // by the archive's own method
};

bool tries_fallback(Fallback fallback, bool stored) {
    return fallback == Fallback::best || (fallback == Fallback::worse && stored);
}

// For another way of coding a block that was coded: the count stays at its end, and a stop is heard.
// `progress` must outlive it.
BlockProgress waiting_at_end(const BlockProgress& progress, const BlockHeader& header) {
    if (!progress) {
        return {};
    }
    return [&progress, plain = header.plain_bytes, payload = header.payload_bytes()](
               std::uint64_t, std::uint64_t) { progress(plain, payload); };
}

// The block in its smallest form.
WrittenBlock code_block(MethodChain& chain, const CompressOptions& options, std::uint8_t version,
                        ByteSpan plain, const BlockProgress& progress) {
    const std::uint64_t plain_hash = hash64(plain);
    WrittenBlock block{stored_header(plain.size(), plain_hash), {}};
    const auto coded_by = [&](MethodId id, const BlockProgress& told) {
        std::optional<CodedBlock> code = chain.coder(id).encode(plain, told);
        if (code) {
            BlockHeader header{id, plain.size(), {}, plain_hash, std::move(code->own)};
            for (const Bytes& payload : code->streams) {
                header.stream_bytes.push_back(payload.size());
            }
            block.header = smaller(std::move(block.header), std::move(header), version);
            if (block.header.method == id) {
                block.payloads = std::move(code->streams);
            }
        }
        return code.has_value();
    };
    block.seen = coded_by(options.method, progress);
    const bool stored = block.header.method == kStored;
    if (options.method != kMixing && tries_fallback(options.fallback, stored)) {
        // After the method's code, which counted up to the block's end.
        const BlockProgress waiting = stored ? progress : waiting_at_end(progress, block.header);
        for (const Method& method : options.table) {
            if (method.is_fallback && method.version <= version) {
                (void)coded_by(method.id, waiting);
            }
        }
    }
    return block;
}

// Up to `most` bytes, in pieces that grow with what arrives.
Bytes read_block(const ByteSource& source, std::uint64_t most) {
    constexpr std::uint64_t kPieceBytes = 1 << 20;
    Bytes block;
    while (block.size() < most) {
        const std::size_t before = block.size();
        block.resize(static_cast<std::size_t>(std::min(before + kPieceBytes, most)));
        const std::size_t count = source(std::span(block).subspan(before));
        if (before + count < block.size()) {
            block.resize(before + count);
            break;
        }
    }
    return block;
}

// An archive that begins with this block.
class Beginning {
   public:
    Beginning(const StoredModel* model, const CompressOptions& options)
        : options_(options),
          plan_(model == nullptr ? nullptr : &model->model.config, options_),
          header_(header_for(model, options_, plan_)),
          chain_(options_.table, header_, context_for(model, options_, plan_, packed_)) {}
    Beginning(const Beginning&) = delete;
    Beginning& operator=(const Beginning&) = delete;

    [[nodiscard]] const BlockPlan& plan() const { return plan_; }
    [[nodiscard]] const ArchiveHeader& header() const { return header_; }
    [[nodiscard]] WrittenBlock code(std::uint64_t position, ByteSpan plain, const BlockProgress& progress) {
        chain_.begin_block(position);
        WrittenBlock block = code_block(chain_, options_, header_.version, plain, progress);
        chain_.end_block(block.seen, plain);
        return block;
    }
    [[nodiscard]] bool trace(std::uint64_t position, ByteSpan plain, const ByteVisit& visit,
                             const BlockProgress& progress) {
        chain_.begin_block(position);
        const bool coded = chain_.coder(options_.method).trace(plain, visit, progress);
        chain_.end_block(coded, plain);
        return coded;
    }
    [[nodiscard]] std::uint64_t bytes_of(const WrittenBlock& block) const {
        return size_of(block.header, header_.version);
    }

   private:
    CompressOptions options_;
    BlockPlan plan_;
    ArchiveHeader header_;
    std::optional<PackedModel> packed_;
    MethodChain chain_;
};

// The archive's first block, by the options' stack or by the alternative, whichever makes it smaller;
// `current` becomes the archive that goes on with it.
WrittenBlock code_first(std::unique_ptr<Beginning>& current, const CompressOptions& options, ByteSpan plain) {
    const BlockProgress progress = within(options.progress, 0, 0);
    WrittenBlock block = current->code(0, plain, progress);
    if (options.alternative && tries_fallback(options.fallback, block.header.method == kStored)) {
        CompressOptions other = options;
        other.stack = *options.alternative;
        other.reset_every.reset();
        auto alone = std::make_unique<Beginning>(nullptr, other);
        WrittenBlock alternative = alone->code(0, plain, waiting_at_end(progress, block.header));
        if (alone->bytes_of(alternative) < current->bytes_of(block)) {
            current = std::move(alone);
            return alternative;
        }
    }
    return block;
}

}  // namespace

CodecSummary compress(const StoredModel* model, const CompressOptions& options, const ByteSource& source,
                      const ByteSink& sink) {
    const FloatStateGuard guard;
    std::optional<StoredModel> fresh;
    if (options.stack.source == NetworkSource::seed) {
        model = &fresh.emplace(fresh_network(options.stack));
    }
    auto current = std::make_unique<Beginning>(model, options);
    // Read before anything is written, and not again after a short block, which is the last: with -c a >> a,
    // what is written is read.
    Bytes plain = read_block(source, current->plan().bytes_at(0));
    std::optional<WrittenBlock> first;
    if (!plain.empty()) {
        first = code_first(current, options, plain);
    }
    const ArchiveHeader& header = current->header();
    const Bytes embedded = options.embed_model && header.model_id != 0
                               ? encode_model(model->model, model->format, nullptr)
                               : Bytes{};
    ArchiveWriter writer(sink, header, embedded);
    CodecSummary summary;
    summary.model_bytes = embedded.size();
    while (!plain.empty()) {
        const WrittenBlock block =
            first ? *std::exchange(first, std::nullopt)
                  : current->code(summary.plain_bytes, plain,
                                  within(options.progress, summary.plain_bytes, writer.position()));
        std::vector<ByteSpan> pieces(block.payloads.begin(), block.payloads.end());
        if (block.header.method == kStored) {
            pieces.assign(1, plain);
        }
        writer.block(block.header, pieces);
        const bool last = plain.size() < current->plan().bytes_at(summary.plain_bytes);
        count_block(summary, block.header);
        if (options.progress) {
            options.progress(summary.plain_bytes, writer.position());
        }
        plain = last ? Bytes{} : read_block(source, current->plan().bytes_at(summary.plain_bytes));
    }
    writer.finish();
    summary.archive_bytes = writer.position();
    return summary;
}

void trace(const StoredModel* model, const CompressOptions& options, ByteSpan data, const ByteVisit& visit) {
    const FloatStateGuard guard;
    std::optional<StoredModel> fresh;
    if (options.stack.source == NetworkSource::seed) {
        model = &fresh.emplace(fresh_network(options.stack));
    }
    Beginning coding(model, options);
    for (std::size_t begin = 0; begin < data.size();) {
        const ByteSpan plain =
            data.subspan(begin, std::min<std::size_t>(coding.plan().bytes_at(begin), data.size() - begin));
        if (!coding.trace(
                begin, plain,
                [&](const TracedByte& byte) {
                    TracedByte told = byte;
                    told.place += begin;
                    visit(told);
                },
                within(options.progress, begin, 0))) {
            fail("the data hold bytes outside the model's alphabet of ", model->model.config.alphabet,
                 " symbols; use a model that was trained on such data");
        }
        begin += plain.size();
    }
}

CodecSummary compress(const StoredModel& model, const CompressOptions& options, const ByteSource& source,
                      const ByteSink& sink) {
    return compress(&model, options, source, sink);
}

}  // namespace bitlaw::coding
