#include "bitlaw/coding/codec.hpp"

#include <algorithm>
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
    if (options.fallback == Fallback::best || (options.fallback == Fallback::worse && stored)) {
        // After the method's code, which counted up to the block's end, the count stays there.
        BlockProgress waiting = progress;
        if (progress && !stored) {
            waiting = [&progress, &plain, payload = block.header.payload_bytes()](
                          std::uint64_t, std::uint64_t) { progress(plain.size(), payload); };
        }
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

}  // namespace

CodecSummary compress(const StoredModel* model, const CompressOptions& options, const ByteSource& source,
                      const ByteSink& sink) {
    const FloatStateGuard guard;
    std::optional<StoredModel> fresh;
    if (options.stack.source == NetworkSource::seed) {
        model = &fresh.emplace(fresh_network(options.stack));
    }
    const BlockPlan plan(model == nullptr ? nullptr : &model->model.config, options);
    const ArchiveHeader header = header_for(model, options, plan);
    const Bytes embedded = options.embed_model && header.model_id != 0
                               ? encode_model(model->model, model->format, nullptr)
                               : Bytes{};
    std::optional<PackedModel> packed;
    MethodChain chain(options.table, header, context_for(model, options, plan, packed));
    // Read before anything is written, and not again after a short block, which is the last: with -c a >> a,
    // what is written is read.
    Bytes plain = read_block(source, plan.bytes_at(0));
    ArchiveWriter writer(sink, header, embedded);
    CodecSummary summary;
    summary.model_bytes = embedded.size();
    while (!plain.empty()) {
        chain.begin_block(summary.plain_bytes);
        const WrittenBlock block =
            code_block(chain, options, header.version, plain,
                       within(options.progress, summary.plain_bytes, writer.position()));
        chain.end_block(block.seen, plain);
        std::vector<ByteSpan> pieces(block.payloads.begin(), block.payloads.end());
        if (block.header.method == kStored) {
            pieces.assign(1, plain);
        }
        writer.block(block.header, pieces);
        const bool last = plain.size() < plan.bytes_at(summary.plain_bytes);
        count_block(summary, block.header);
        if (options.progress) {
            options.progress(summary.plain_bytes, writer.position());
        }
        plain = last ? Bytes{} : read_block(source, plan.bytes_at(summary.plain_bytes));
    }
    writer.finish();
    summary.archive_bytes = writer.position();
    return summary;
}

CodecSummary compress(const StoredModel& model, const CompressOptions& options, const ByteSource& source,
                      const ByteSink& sink) {
    return compress(&model, options, source, sink);
}

}  // namespace bitlaw::coding
