// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <list>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/detail/intrusive_list.h>

namespace {

using blkdrain::detail::IntrusiveList;
using blkdrain::detail::ListHook;

struct OtherTag;

struct Item : ListHook<>, ListHook<OtherTag> {
    explicit Item(int n) : number(n) {}
    int number;
};

using List = IntrusiveList<Item>;
using OtherList = IntrusiveList<Item, OtherTag>;

bool linked(const Item& item) {
    return item.ListHook<>::is_linked();
}

void unlink(Item& item) {
    item.ListHook<>::unlink();
}

std::vector<int> numbers(const List& list) {
    std::vector<int> result;
    for (const Item& item : list) {
        result.push_back(item.number);
    }
    return result;
}

void clear(List& list) {
    while (list.pop_front() != nullptr) {
    }
}

TEST(IntrusiveList, starts_empty) {
    List list;
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.front(), nullptr);
    EXPECT_EQ(list.back(), nullptr);
    EXPECT_EQ(list.pop_front(), nullptr);
    EXPECT_EQ(list.begin(), list.end());
}

TEST(IntrusiveList, keeps_the_order_of_insertion) {
    Item a(1), b(2), c(3), d(4);
    List list;
    list.push_back(b);
    list.push_back(d);
    list.push_front(a);
    list.insert_before(d, c);
    EXPECT_EQ(numbers(list), (std::vector{1, 2, 3, 4}));
    EXPECT_EQ(list.front(), &a);
    EXPECT_EQ(list.back(), &d);
    EXPECT_EQ(std::prev(list.end())->number, 4);
    clear(list);
}

TEST(IntrusiveList, hook_knows_whether_it_is_linked) {
    Item a(1);
    EXPECT_FALSE(linked(a));
    List list;
    list.push_back(a);
    EXPECT_TRUE(linked(a));
    unlink(a);
    EXPECT_FALSE(linked(a));
    EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, unlinks_from_the_middle_during_iteration) {
    Item a(1), b(2), c(3);
    List list;
    list.push_back(a);
    list.push_back(b);
    list.push_back(c);
    for (auto at = list.begin(); at != list.end();) {
        Item& item = *at++;
        if (item.number == 2) {
            unlink(item);
        }
    }
    EXPECT_EQ(numbers(list), (std::vector{1, 3}));
    clear(list);
}

TEST(IntrusiveList, one_object_in_two_lists_of_different_tags) {
    Item a(1), b(2);
    List list;
    OtherList other;
    list.push_back(a);
    list.push_back(b);
    other.push_back(b);
    other.push_back(a);
    EXPECT_EQ(list.pop_front(), &a);
    EXPECT_EQ(other.pop_front(), &b);
    EXPECT_EQ(other.pop_front(), &a);
    clear(list);
}

TEST(IntrusiveList, splice_moves_everything_in_order) {
    Item a(1), b(2), c(3);
    List list, more;
    list.splice_back(more);
    EXPECT_TRUE(list.empty());
    list.push_back(a);
    more.push_back(b);
    more.push_back(c);
    list.splice_back(more);
    EXPECT_TRUE(more.empty());
    EXPECT_EQ(numbers(list), (std::vector{1, 2, 3}));
    unlink(c);
    more.splice_back(list);
    EXPECT_EQ(numbers(more), (std::vector{1, 2}));
    clear(more);
}

TEST(IntrusiveList, agrees_with_std_list_on_random_operations) {
    std::mt19937 random(1);
    const auto below = [&random](std::size_t n) { return random() % n; };
    std::vector<std::unique_ptr<Item>> items;
    for (int n = 0; n < 8; ++n) {
        items.push_back(std::make_unique<Item>(n));
    }
    List list;
    std::list<int> model;
    for (int step = 0; step < 20'000; ++step) {
        Item& item = *items[below(items.size())];
        if (linked(item)) {
            unlink(item);
            model.remove(item.number);
        } else if (const auto where = below(3); where == 0) {
            list.push_back(item);
            model.push_back(item.number);
        } else if (where == 1 || model.empty()) {
            list.push_front(item);
            model.push_front(item.number);
        } else {
            const auto position = std::next(model.begin(), static_cast<int>(below(model.size())));
            list.insert_before(*items[static_cast<std::size_t>(*position)], item);
            model.insert(position, item.number);
        }
        ASSERT_EQ(numbers(list), std::vector<int>(model.begin(), model.end())) << "step " << step;
    }
    clear(list);
}

TEST(IntrusiveListDeathTest, object_dies_while_linked) {
    EXPECT_DEATH(
        {
            List list;
            Item a(1);
            list.push_back(a);
        },
        "an object is unlinked before it is destroyed");
}

TEST(IntrusiveListDeathTest, list_dies_with_elements) {
    Item a(1);
    EXPECT_DEATH(
        {
            List list;
            list.push_back(a);
        },
        "a list is empty before it is destroyed");
}

TEST(IntrusiveListDeathTest, linked_twice) {
    Item a(1);
    List list, other;
    list.push_back(a);
    EXPECT_DEATH(other.push_back(a), "an object is in one list of a tag at a time");
    clear(list);
}

TEST(IntrusiveListDeathTest, unlinked_twice) {
    Item a(1);
    EXPECT_DEATH(unlink(a), "only a linked object is unlinked");
}

}  // namespace
