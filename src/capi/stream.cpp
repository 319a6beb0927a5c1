#include <algorithm>
#include <list>
#include <utility>

#include "bitlaw/base/hash.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/model/places.hpp"
#include "stack.hpp"

namespace {

using namespace bitlaw;
using namespace bitlaw::model;
using namespace bitlaw::coding;
using namespace bitlaw::capi;

bitlaw_io checked(const bitlaw_io* given) {
    check_pointer(given, 1, "io");
    const bitlaw_io io = taken(given, bitlaw_io BITLAW_IO_INIT, sizeof(bitlaw_io), "BITLAW_IO_INIT");
    if (io.read == nullptr || io.write == nullptr) {
        fail_usage("io has no function to ", io.read == nullptr ? "read" : "write");
    }
    return io;
}

// After its end the caller is not asked again.
ByteSource source_from(const bitlaw_io& io) {
    return [&io, ended = false](std::span<std::uint8_t> buffer) mutable {
        std::size_t filled = 0;
        while (!ended && filled < buffer.size()) {
            std::size_t count = 0;
            const std::size_t room = buffer.size() - filled;
            if (const int answer = io.read(io.context, buffer.data() + filled, room, &count); answer != 0) {
                throw Stopped(text_of("the read function ended the work with ", answer));
            }
            if (count > room) {
                fail_usage("the read function was asked for ", room, " bytes and says that it gave ", count);
            }
            ended = count == 0;
            filled += count;
        }
        return filled;
    };
}

ByteSink sink_from(const bitlaw_io& io) {
    return [&io](ByteSpan data) {
        if (data.empty()) {
            return;
        }
        if (const int answer = io.write(io.context, data.data(), data.size()); answer != 0) {
            throw Stopped(text_of("the write function ended the work with ", answer));
        }
    };
}

// Gives `begin`, which was read from `rest` already, and then the rest.
ByteSource joined(const Bytes& begin, ByteSource rest) {
    return [&begin, rest = std::move(rest), given = std::size_t{0}](std::span<std::uint8_t> buffer) mutable {
        const std::size_t count = std::min(buffer.size(), begin.size() - given);
        std::copy_n(begin.begin() + static_cast<std::ptrdiff_t>(given), count, buffer.begin());
        given += count;
        return count + (count < buffer.size() ? rest(buffer.subspan(count)) : 0);
    };
}

// Models by id: the caller's, or installed ones.
class Models {
   public:
    explicit Models(const bitlaw_model* given) : given_(given) {}

    const StoredModel& by_id(std::uint64_t id) {
        if (given_ != nullptr) {
            return *given_->stored;  // whoever asked checks its id
        }
        for (const std::filesystem::path& file : model_files()) {
            try {
                if (peek_model_id(file) == id) {
                    return loaded_.emplace_back(load_model(file));
                }
            } catch (const Error&) {
                continue;  // one that cannot be read is not the one
            }
        }
        fail("the archive needs model ", hex64(id), ", and none was given; looked in ",
             describe_folders(model_places()));
    }

   private:
    const bitlaw_model* given_;
    std::list<StoredModel> loaded_;
};

}  // namespace

bitlaw_status bitlaw_compress_stream(const bitlaw_stack* stack, const bitlaw_io* given) {
    return guarded([&] {
        check_pointer(stack, 1, "stack");
        const bitlaw_io io = checked(given);
        ByteSource source = source_from(io);
        Bytes begin(stack->learn ? kChoiceBytes : 0);
        begin.resize(source(begin));
        CompressOptions options = options_for(*stack, begin, io.input_bytes);
        options.progress = progress_of(io.progress, io.context);
        (void)compress(stack->model.get(), options, joined(begin, std::move(source)), sink_from(io));
    });
}

bitlaw_status bitlaw_restore_stream(const bitlaw_model* model, const bitlaw_io* given) {
    return guarded([&] {
        const bitlaw_io io = checked(given);
        Models models(model);
        (void)decompress([&](std::uint64_t id) -> const StoredModel& { return models.by_id(id); },
                         source_from(io), sink_from(io), progress_of(io.progress, io.context));
    });
}
