#include "decoder.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/predict/reset.hpp"

namespace bitlaw::coding {

using namespace model;
using namespace predict;

namespace {

// What the header says of the stack; format 1 is a model's network and nothing else.
Stack stack_of(const ArchiveReader& reader) {
    const ArchiveHeader& header = reader.header();
    if (header.version < 2) {
        return {.source = NetworkSource::model};
    }
    try {
        Stack stack = decode_stack(header.stack);
        if (stack.source != NetworkSource::model && (header.model_id != 0 || header.model_bytes != 0)) {
            fail("it names a model that its stack does not have");
        }
        return stack;
    } catch (const Error& error) {
        reader.damaged(error.what());
    }
}

// What the header says of its methods.
MethodContext context_of(ArchiveModel& model, const ArchiveReader& reader) {
    return {.model = [&model]() -> const StoredModel& { return model.stored(); },
            .packed = [&model]() -> const PackedModel& { return model.packed(); },
            .reset_every = reader.header().reset_every,
            .streams = reader.header().streams == 0 ? std::nullopt
                                                    : std::optional<std::size_t>(reader.header().streams),
            .stack = model.stack()};
}

std::vector<ByteSpan> cut(ByteSpan payload, const BlockHeader& header) {
    if (header.method == kStored) {
        return {payload};
    }
    std::vector<ByteSpan> streams;
    std::size_t begin = 0;
    for (const std::uint64_t bytes : header.stream_bytes) {
        streams.push_back(payload.subspan(begin, static_cast<std::size_t>(bytes)));
        begin += streams.back().size();
    }
    return streams;
}

}  // namespace

ArchiveModel::ArchiveModel(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice)
    : find_(find), reader_(reader), notice_(notice), stack_(stack_of(reader)) {
    const ArchiveHeader& header = reader.header();
    if (header.arithmetic_version != kArithmeticVersion) {
        fail("the archive was made with arithmetic version ", header.arithmetic_version,
             ", and this program computes version ", kArithmeticVersion, "; use the bitlaw that made it");
    }
    if (header.model_bytes > 0) {
        embedded_.emplace(decode_model(reader.model(), "the model inside the archive"));
        check_id(*embedded_, "; it is damaged, so get it again");
    }
}

const StoredModel& ArchiveModel::stored() {
    if (stored_ == nullptr) {
        const StoredModel& model = source();
        try {
            check_reset(model.model.config, reader_.header().reset_every);
        } catch (const Error& error) {
            reader_.damaged(error.what());
        }
        stored_ = &model;
        if (notice_) {
            notice_(model.model.config);
        }
    }
    return *stored_;
}

const PackedModel& ArchiveModel::packed() {
    if (!packed_) {
        packed_.emplace(stored().model, PackFor::inference);
    }
    return *packed_;
}

const StoredModel& ArchiveModel::source() {
    if (stack_.source == NetworkSource::none) {
        reader_.damaged("a block needs a model, and the header names none");
    }
    if (stack_.source == NetworkSource::seed) {
        return embedded_.emplace(fresh_network(stack_));
    }
    const StoredModel& model = embedded_ ? *embedded_ : find_(reader_.header().model_id);
    check_id(model, "; name the right one");
    return model;
}

void ArchiveModel::check_id(const StoredModel& model, const char* advice) const {
    if (model.id != reader_.header().model_id) {
        fail("the archive needs model ", hex64(reader_.header().model_id), ", and the model ",
             embedded_ ? "inside it" : "given", " is ", hex64(model.id), advice);
    }
}

bool next_block(ArchiveReader& reader, std::span<const Method> table, BlockHeader& header) {
    if (!reader.next_block(header)) {
        return false;
    }
    const ArchiveHeader& archive = reader.header();
    const Method* method = find_method(table, header.method, archive.version);
    if (method == nullptr) {
        reader.damaged(text_of("its method is ", int{header.method},
                               ", which this program does not know; perhaps a newer bitlaw made it"));
    }
    if (method->chained && header.method != archive.method) {
        reader.damaged(text_of(method->name, " is not the archive's own method"));
    }
    const std::string fault = method->fault(header);
    if (!fault.empty()) {
        reader.damaged(fault);
    }
    return true;
}

Decoder::Decoder(const ModelFinder& find, ArchiveReader& reader, const ModelNotice& notice,
                 std::span<const Method> table, const CodecProgress& progress)
    : reader_(reader),
      table_(table),
      progress_(progress),
      model_(find, reader, notice),
      chain_(table, reader.header(), context_of(model_, reader)) {}

std::optional<Bytes> Decoder::next(BlockHeader& header, std::uint64_t position, std::uint64_t plain_before) {
    if (!next_block(reader_, table_, header)) {
        return {};
    }
    const Bytes payload = reader_.payload();
    Bytes plain(static_cast<std::size_t>(header.plain_bytes));
    chain_.begin_block(position);
    chain_.coder(header.method)
        .decode(header, cut(payload, header), plain,
                within(progress_, plain_before, reader_.position() - payload.size()));
    if (hash64(plain) != header.plain_hash) {
        reader_.damaged("the block's bytes were restored but their hash does not match");
    }
    chain_.end_block(header.method == reader_.header().method, plain);
    return plain;
}

}  // namespace bitlaw::coding
