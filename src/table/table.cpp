#include "bitlaw/table/table.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/measure.hpp"
#include "bitlaw/train/corpus.hpp"
#include "peak_memory.hpp"

namespace bitlaw::table {

using namespace model;
using namespace train;
using namespace coding;
using namespace datasets;
using namespace baselines;

namespace {

void check_equal(bool is_equal, const std::string& compressor, const DataSet& data) {
    if (!is_equal) {
        fail(compressor, " does not restore ", data.name(),
             ": the bytes differ, so its rate is none; please report it");
    }
}

// The chunks of a data set, the last one perhaps shorter.
class Chunks {
   public:
    Chunks(ByteSpan bytes, std::uint64_t chunk_bytes) : bytes_(bytes), size_(chunk_bytes) {
        if (chunk_bytes < 1) {
            fail_usage("a chunk has at least 1 byte");
        }
    }
    [[nodiscard]] std::size_t count() const { return (bytes_.size() + size_ - 1) / size_; }
    [[nodiscard]] ByteSpan operator[](std::size_t i) const {
        return bytes_.subspan(i * size_, std::min<std::size_t>(size_, bytes_.size() - i * size_));
    }

   private:
    ByteSpan bytes_;
    std::size_t size_;
};

// Runs work(i) for every chunk on all threads; the calling thread, which is worker 0, tells the progress.
template <class Work>
void for_chunks(const Chunks& chunks, std::uint64_t total, const TableWatch& watch, const Work& work) {
    std::atomic<std::uint64_t> done{0};
    parallel_for(chunks.count(), [&](std::size_t i, std::size_t worker) {
        work(i);
        const std::uint64_t now = done.fetch_add(chunks[i].size()) + chunks[i].size();
        if (worker == 0) {
            watch(now, total);
        }
    });
    watch(done.load(), total);
}

const CompressorWatch& no_watch() {
    static const CompressorWatch nothing = [](std::uint64_t) {};
    return nothing;
}

}  // namespace

DataSet::DataSet(std::string name, const std::string& text)
    : name_(std::move(name)), file_(parse_range(text).path) {
    const DataRange range = parse_range(text);
    const ByteSpan whole = file_.bytes();
    begin_ = range.begin;
    end_ = range.end == DataRange::kToTheEnd ? whole.size() : range.end;
    if (begin_ > end_ || end_ > whole.size()) {
        fail_usage("the range of '", text, "' does not lie in the file, which has ", whole.size(), " bytes");
    }
    if (begin_ == end_) {
        fail(text, " holds no bytes; name another file or range");
    }
    if (const auto manifest = find_manifest(file_.path())) {
        if (manifest->bytes != whole.size() || manifest->hash != hash64(whole)) {
            fail(file_.path().string(), kManifestSuffix, " belongs to other bytes than ",
                 file_.path().string(), " holds; make the data set again with 'bitlaw data'");
        }
        shape_ = manifest->shape;
        kind_ = data_kind_name(manifest->kind);
        skipped_ = manifest->skipped.size();
    }
    hash_ = hash64(bytes());
}

const char* rate_source_name(RateSource source) {
    switch (source) {
        case RateSource::archive: return "archive";
        case RateSource::program: return "not restored";
        case RateSource::estimate: return "estimate";
        default: return "restored";
    }
}

Measurement measure_unchunked(const Compressor& compressor, const DataSet& data, const TableWatch& watch) {
    const ByteSpan plain = data.bytes();
    const auto inner = [&](std::uint64_t done) { watch(done, plain.size()); };
    const PeakMemory memory;
    Measurement m{.plain_bytes = plain.size()};
    const Progress clock(0);
    const Bytes packed = compressor.compress(plain, data.shape(), inner);
    m.seconds = clock.seconds();
    m.coded_bytes = static_cast<double>(packed.size());
    m.source = RateSource::program;
    if (compressor.restore) {
        const Progress restore_clock(0);
        const Bytes restored = compressor.restore(packed, plain.size(), data.shape(), inner);
        m.restore_seconds = restore_clock.seconds();
        check_equal(std::equal(plain.begin(), plain.end(), restored.begin(), restored.end()), compressor.name,
                    data);
        m.source = RateSource::restored;
    }
    m.peak_memory = compressor.program_memory ? compressor.program_memory() : memory.growth();
    return m;
}

Measurement measure_chunked(const Compressor& compressor, const DataSet& data, std::uint64_t chunk_bytes,
                            const TableWatch& watch) {
    BITLAW_ASSERT(compressor.chunks && compressor.restore);
    const Chunks chunks(data.bytes(), chunk_bytes);
    const std::uint64_t total = data.bytes().size();
    const PeakMemory memory;
    Measurement m{.plain_bytes = total};
    m.chunks = chunks.count();
    m.threads = thread_count();
    constexpr std::uint8_t kZero = 0;
    m.header_bytes = compressor.compress({&kZero, 1}, data.shape(), no_watch()).size();
    std::vector<Bytes> packed(chunks.count());
    const Progress clock(0);
    for_chunks(chunks, total, watch,
               [&](std::size_t i) { packed[i] = compressor.compress(chunks[i], data.shape(), no_watch()); });
    m.seconds = clock.seconds();
    std::uint64_t sum = 0;
    for (const Bytes& chunk : packed) {
        sum += chunk.size();
    }
    m.coded_bytes = static_cast<double>(sum) - static_cast<double>((m.chunks - 1) * m.header_bytes);
    const Progress restore_clock(0);
    for_chunks(chunks, total, watch, [&](std::size_t i) {
        const ByteSpan plain = chunks[i];
        const Bytes restored = compressor.restore(packed[i], plain.size(), data.shape(), no_watch());
        check_equal(std::equal(plain.begin(), plain.end(), restored.begin(), restored.end()), compressor.name,
                    data);
    });
    m.restore_seconds = restore_clock.seconds();
    m.peak_memory = memory.growth();
    return m;
}

Measurement measure_continuous(const StoredModel& model, const DataSet& data, bool restores,
                               const TableWatch& watch, CompressOptions options) {
    const ByteSpan plain = data.bytes();
    options.progress = [&](std::uint64_t done, std::uint64_t) { watch(done, plain.size()); };
    const PeakMemory memory;
    Measurement m{.plain_bytes = plain.size()};
    m.model_bytes = model.stored_bytes;
    m.source = RateSource::archive;
    m.origin = data.origin(model.record);
    m.threads = thread_count();
    Bytes archive;
    const Progress clock(0);
    const CodecSummary summary = compress(model, options, source_of(plain), sink_to(archive));
    m.seconds = clock.seconds();
    m.coded_bytes = static_cast<double>(summary.archive_bytes);
    if (restores) {
        Hasher hasher;
        const Progress restore_clock(0);
        (void)decompress([&](std::uint64_t) -> const StoredModel& { return model; }, source_of(archive),
                         [&](ByteSpan bytes) { hasher.update(bytes); }, options.progress);
        m.restore_seconds = restore_clock.seconds();
        check_equal(hasher.digest() == data.hash(), "the model", data);
        m.source = RateSource::restored;
    }
    m.peak_memory = memory.growth();
    return m;
}

Measurement measure_chunked(const StoredModel& model, const DataSet& data, std::uint64_t chunk_bytes,
                            const TableWatch& watch) {
    const ByteSpan plain = data.bytes();
    const PeakMemory memory;
    Measurement m{.plain_bytes = plain.size()};
    m.model_bytes = model.stored_bytes;
    m.chunks = Chunks(plain, chunk_bytes).count();
    m.source = RateSource::estimate;
    m.origin = data.origin(model.record);
    m.threads = thread_count();
    const Progress clock(0);
    m.coded_bytes = chunked_bits(model, plain, chunk_bytes,
                                 [&](std::uint64_t done, std::uint64_t) { watch(done, plain.size()); }) /
                    8.0;
    m.seconds = clock.seconds();
    m.peak_memory = memory.growth();
    return m;
}

}  // namespace bitlaw::table
