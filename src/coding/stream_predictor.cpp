#include "bitlaw/coding/stream_predictor.hpp"

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/float_state.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "block_plan.hpp"

namespace bitlaw::coding {

using namespace model;

StreamPredictor::StreamPredictor(const StoredModel* model, const CompressOptions& options) {
    const FloatStateGuard guard;
    if (options.stack.source == NetworkSource::seed) {
        model = &fresh_.emplace(fresh_network(options.stack));
    }
    const BlockPlan plan(model == nullptr ? nullptr : &model->model.config, options);
    const Method* method = find_method(options.table, options.method, kMaxArchiveVersion);
    if (method == nullptr || method->open == nullptr) {
        fail_usage("there is no method ", int{options.method});
    }
    const auto needed = [model]() -> const StoredModel& {
        if (model == nullptr) {
            fail_usage("this way of coding needs a model; name one");
        }
        return *model;
    };
    coder_ = method->open({.model = needed,
                           .packed = [needed, this]() -> const PackedModel& {
                               if (!packed_) {
                                   packed_.emplace(needed().model, PackFor::inference);
                               }
                               return *packed_;
                           },
                           .reset_every = plan.reset_every,
                           .streams = 1,
                           .stack = options.stack});
}

}  // namespace bitlaw::coding
