// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/detail/intrusive_queue.h>

namespace {

using blkdrain::detail::IntrusiveQueue;
using blkdrain::detail::QueueHook;

struct Item : QueueHook<> {
    explicit Item(int n) : number(n) {}
    int number;
};

using Queue = IntrusiveQueue<Item>;

std::vector<int> pop_all(Queue& queue) {
    std::vector<int> result;
    while (Item* item = queue.pop_front()) {
        result.push_back(item->number);
    }
    return result;
}

TEST(IntrusiveQueue, starts_empty) {
    Queue queue;
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.pop_front(), nullptr);
}

TEST(IntrusiveQueue, first_in_first_out) {
    Item a(1), b(2), c(3);
    Queue queue;
    queue.push_back(a);
    queue.push_back(b);
    queue.push_back(c);
    EXPECT_EQ(queue.front(), &a);
    EXPECT_EQ(pop_all(queue), (std::vector{1, 2, 3}));
    EXPECT_TRUE(queue.empty());
}

TEST(IntrusiveQueue, hook_knows_whether_it_is_linked) {
    Item a(1);
    EXPECT_FALSE(a.is_linked());
    Queue queue;
    queue.push_back(a);
    EXPECT_TRUE(a.is_linked());
    EXPECT_EQ(queue.pop_front(), &a);
    EXPECT_FALSE(a.is_linked());
}

TEST(IntrusiveQueue, element_goes_in_again_after_it_left) {
    Item a(1), b(2);
    Queue queue;
    queue.push_back(a);
    queue.push_back(b);
    queue.push_back(*queue.pop_front());
    EXPECT_EQ(pop_all(queue), (std::vector{2, 1}));
}

TEST(IntrusiveQueue, move_takes_everything) {
    Item a(1), b(2), c(3);
    Queue queue;
    queue.push_back(a);
    queue.push_back(b);
    Queue taken = std::move(queue);
    EXPECT_TRUE(queue.empty());  // NOLINT(bugprone-use-after-move): the header promises it
    queue.push_back(c);
    EXPECT_EQ(pop_all(taken), (std::vector{1, 2}));
    EXPECT_EQ(pop_all(queue), (std::vector{3}));
}

TEST(IntrusiveQueue, agrees_with_deques_on_random_operations) {
    std::mt19937 random(1);
    std::vector<std::unique_ptr<Item>> items;
    for (int n = 0; n < 8; ++n) {
        items.push_back(std::make_unique<Item>(n));
    }
    Queue queues[2];
    std::deque<int> models[2];
    for (int step = 0; step < 20'000; ++step) {
        const auto at = random() % 2;
        Item& item = *items[random() % items.size()];
        if (const auto what = random() % 8; what == 0) {
            queues[at].splice_back(queues[1 - at]);
            models[at].insert(models[at].end(), models[1 - at].begin(), models[1 - at].end());
            models[1 - at].clear();
        } else if (what < 4 && !item.is_linked()) {
            queues[at].push_back(item);
            models[at].push_back(item.number);
        } else if (Item* popped = queues[at].pop_front()) {
            ASSERT_FALSE(models[at].empty()) << "step " << step;
            ASSERT_EQ(popped->number, models[at].front()) << "step " << step;
            models[at].pop_front();
        }
        ASSERT_EQ(queues[at].empty(), models[at].empty()) << "step " << step;
    }
    for (auto n : {0, 1}) {
        EXPECT_EQ(pop_all(queues[n]), std::vector<int>(models[n].begin(), models[n].end()));
    }
}

TEST(IntrusiveQueueDeathTest, object_dies_while_queued) {
    EXPECT_DEATH(
        {
            Queue queue;
            Item a(1);
            queue.push_back(a);
        },
        "an object leaves its queue before it is destroyed");
}

TEST(IntrusiveQueueDeathTest, queue_dies_with_elements) {
    Item a(1);
    EXPECT_DEATH(
        {
            Queue queue;
            queue.push_back(a);
        },
        "a queue is empty before it is destroyed");
}

TEST(IntrusiveQueueDeathTest, queued_twice) {
    Item a(1);
    Queue queue, other;
    queue.push_back(a);
    EXPECT_DEATH(other.push_back(a), "an object is in one queue of a tag at a time");
    queue.pop_front();
}

}  // namespace
