/* tree.c: objects as B-trees, deep copy and release. */
#include <string.h>

#include "document.h"

/* Splits leave at least 5 entries in a node, so 2^64 keys stay far below. */
#define MAX_HEIGHT 28

/* How many values of an array are asked for ahead of the one that is freed. */
#define PREFETCHED 4

struct key key_make(char *bytes, const char *text, size_t len)
{
	struct key key = {.bytes = bytes, .prefix = 0, .len = len};

	if (len >= 8) {
		uint64_t word;
		memcpy(&word, text, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		key.prefix = word;
	} else {
		for (size_t i = 0; i < len; i++)
			key.prefix |= (uint64_t)(unsigned char)text[i] << (56 - 8 * i);
	}
	return key;
}

/* Order of the bytes. Equal prefixes mean equal text as far as both go, but for
 * zero bytes, which the lengths then tell apart. */
static inline int key_compare(const struct key *a, const struct key *b)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	if (a->len > 8 && b->len > 8) {
		size_t shorter = a->len < b->len ? a->len : b->len;
		int order = memcmp(a->bytes + 8, b->bytes + 8, shorter - 8);
		if (order != 0)
			return order;
	}
	return (a->len > b->len) - (a->len < b->len);
}

static struct node *node_new(struct heap *h, uint64_t height)
{
	struct node *node = heap_alloc(h, height > 0 ? sizeof(struct inner) : sizeof(struct node));

	if (node != NULL) {
		node->height = height;
		node->len = 0;
	}
	return node;
}

static void node_release(struct heap *h, struct node *node)
{
	heap_free(h, node, node->height > 0 ? sizeof(struct inner) : sizeof(struct node));
}

static inline struct node **edges(struct node *node)
{
	return ((struct inner *)node)->edges;
}

/* Puts an entry, and the edge to its right in an inner node, at slot of a node
 * that has room. */
static void node_put(struct node *node, size_t slot, struct key key, struct value value, struct node *right)
{
	size_t tail = node->len - slot;

	memmove(&node->keys[slot + 1], &node->keys[slot], tail * sizeof(struct key));
	memmove(&node->values[slot + 1], &node->values[slot], tail * sizeof(struct value));
	node->keys[slot] = key;
	node->values[slot] = value;
	if (node->height > 0) {
		memmove(&edges(node)[slot + 2], &edges(node)[slot + 1], tail * sizeof(struct node *));
		edges(node)[slot + 1] = right;
	}
	node->len++;
}

/* Moves the upper half of a full node to the empty node right; the entry in the
 * middle goes up to the parent. */
static void node_split(struct node *node, struct node *right, struct key *up_key, struct value *up_value)
{
	const size_t middle = NODE_KEYS / 2;
	size_t moved = NODE_KEYS - middle - 1;

	memcpy(right->keys, &node->keys[middle + 1], moved * sizeof(struct key));
	memcpy(right->values, &node->values[middle + 1], moved * sizeof(struct value));
	if (node->height > 0)
		memcpy(edges(right), &edges(node)[middle + 1], (moved + 1) * sizeof(struct node *));
	right->len = moved;
	node->len = middle;
	*up_key = node->keys[middle];
	*up_value = node->values[middle];
}

/* Makes every node that a split on this path will need, before anything is
 * moved, so that want of memory leaves the tree whole. */
static bool spare_nodes(struct heap *h, struct node **path, uint64_t height, struct node **spare)
{
	uint64_t level;

	for (level = 0; level <= height && path[level]->len == NODE_KEYS; level++) {
		spare[level] = node_new(h, level);
		if (spare[level] == NULL)
			goto fail;
	}
	if (level > height) { /* the root splits as well: a new root above it */
		spare[level] = node_new(h, height + 1);
		if (spare[level] == NULL)
			goto fail;
	}
	return true;
fail:
	while (level-- > 0)
		node_release(h, spare[level]);
	return false;
}

bool object_insert(struct heap *h, struct value *object, struct key key, struct value value)
{
	struct node *path[MAX_HEIGHT], *spare[MAX_HEIGHT + 1], *right = NULL;
	size_t slots[MAX_HEIGHT];
	struct node *node = object->as.object.root;

	if (node == NULL) {
		node = node_new(h, 0);
		if (node == NULL)
			return false;
		object->as.object.root = node;
	}
	for (uint64_t level = node->height;; level--) {
		size_t slot;
		int order = 1;

		for (slot = 0; slot < node->len; slot++) {
			order = key_compare(&key, &node->keys[slot]);
			if (order <= 0)
				break;
		}
		if (slot < node->len && order == 0) {
			value_free(h, &node->values[slot]);
			node->values[slot] = value;
			heap_free(h, key.bytes, key.len);
			return true;
		}
		path[level] = node;
		slots[level] = slot;
		if (level == 0)
			break;
		node = edges(node)[slot];
	}

	uint64_t height = object->as.object.root->height;
	if (path[0]->len == NODE_KEYS && !spare_nodes(h, path, height, spare))
		return false;

	for (uint64_t level = 0;; level++) {
		if (level > height) {
			struct node *root = spare[level];
			edges(root)[0] = object->as.object.root;
			node_put(root, 0, key, value, right);
			object->as.object.root = root;
			break;
		}
		node = path[level];
		if (node->len < NODE_KEYS) {
			node_put(node, slots[level], key, value, right);
			break;
		}
		struct key up_key;
		struct value up_value;
		size_t slot = slots[level];

		node_split(node, spare[level], &up_key, &up_value);
		if (slot <= node->len)
			node_put(node, slot, key, value, right);
		else
			node_put(spare[level], slot - node->len - 1, key, value, right);
		key = up_key;
		value = up_value;
		right = spare[level];
	}
	object->as.object.len++;
	return true;
}

/* After the handler's sleep a document is in no cache any more, and free reads
 * beside each block. Asking for all blocks of a node before the first is freed
 * lets the misses overlap. */
static inline void prefetch_block(const void *block)
{
	if (block != NULL)
		__builtin_prefetch((const char *)block - 16);
}

static void prefetch_value(const struct value *v)
{
	if (v->kind == KIND_STRING)
		prefetch_block(v->as.string.bytes);
	else if (v->kind == KIND_ARRAY)
		prefetch_block(v->as.array.items);
	else if (v->kind == KIND_OBJECT && v->as.object.root != NULL)
		for (size_t offset = 0; offset < sizeof(struct node); offset += 64)
			__builtin_prefetch((const char *)v->as.object.root + offset);
}

static void node_free(struct heap *h, struct node *node)
{
	for (size_t i = 0; i < node->len; i++) {
		prefetch_block(node->keys[i].bytes);
		prefetch_value(&node->values[i]);
	}
	for (size_t i = 0; i < node->len; i++) {
		if (node->height > 0)
			node_free(h, edges(node)[i]);
		heap_free(h, node->keys[i].bytes, node->keys[i].len);
		value_free(h, &node->values[i]);
	}
	if (node->height > 0)
		node_free(h, edges(node)[node->len]);
	node_release(h, node);
}

void value_free(struct heap *h, struct value *v)
{
	switch (v->kind) {
	case KIND_STRING:
		heap_free(h, v->as.string.bytes, v->as.string.len);
		break;
	case KIND_ARRAY:
		for (size_t i = 0; i < v->as.array.len && i < PREFETCHED; i++)
			prefetch_value(&v->as.array.items[i]);
		for (size_t i = 0; i < v->as.array.len; i++) {
			if (i + PREFETCHED < v->as.array.len)
				prefetch_value(&v->as.array.items[i + PREFETCHED]);
			value_free(h, &v->as.array.items[i]);
		}
		heap_free(h, v->as.array.items, v->as.array.cap * sizeof(struct value));
		break;
	case KIND_OBJECT:
		if (v->as.object.root != NULL)
			node_free(h, v->as.object.root);
		break;
	}
	v->kind = KIND_NULL;
}

static bool bytes_clone(struct heap *h, char **to, const char *from, size_t len)
{
	*to = NULL;
	if (len == 0)
		return true;
	*to = heap_alloc(h, len);
	if (*to == NULL)
		return false;
	memcpy(*to, from, len);
	return true;
}

/* On want of memory the copy is cut so that what it holds can be freed as an
 * ordinary tree: an inner node always has one edge more than entries. */
static struct node *node_clone(struct heap *h, struct node *from)
{
	struct node *to = node_new(h, from->height);

	if (to == NULL)
		return NULL;
	if (from->height > 0) {
		edges(to)[0] = node_clone(h, edges(from)[0]);
		if (edges(to)[0] == NULL) {
			node_release(h, to);
			return NULL;
		}
	}
	for (size_t i = 0; i < from->len; i++) {
		struct key key = from->keys[i];
		struct value value;

		if (!bytes_clone(h, &key.bytes, from->keys[i].bytes, key.len))
			goto fail;
		if (!value_clone(h, &value, &from->values[i])) {
			heap_free(h, key.bytes, key.len);
			goto fail;
		}
		if (from->height > 0) {
			struct node *edge = node_clone(h, edges(from)[i + 1]);
			if (edge == NULL) {
				heap_free(h, key.bytes, key.len);
				value_free(h, &value);
				goto fail;
			}
			edges(to)[i + 1] = edge;
		}
		to->keys[i] = key;
		to->values[i] = value;
		to->len++;
	}
	return to;
fail:
	node_free(h, to);
	return NULL;
}

static bool array_clone(struct heap *h, struct value *to, const struct value *from)
{
	size_t len = from->as.array.len;

	to->as.array.items = NULL;
	to->as.array.len = 0;
	to->as.array.cap = len;
	if (len == 0)
		return true;
	to->as.array.items = heap_alloc(h, len * sizeof(struct value));
	if (to->as.array.items == NULL) {
		to->kind = KIND_NULL;
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!value_clone(h, &to->as.array.items[i], &from->as.array.items[i])) {
			value_free(h, to);
			return false;
		}
		to->as.array.len++;
	}
	return true;
}

bool value_clone(struct heap *h, struct value *to, const struct value *from)
{
	*to = *from;
	switch (from->kind) {
	case KIND_STRING:
		if (bytes_clone(h, &to->as.string.bytes, from->as.string.bytes, from->as.string.len))
			return true;
		to->kind = KIND_NULL;
		return false;
	case KIND_ARRAY:
		return array_clone(h, to, from);
	case KIND_OBJECT:
		if (from->as.object.root == NULL)
			return true;
		to->as.object.root = node_clone(h, from->as.object.root);
		if (to->as.object.root != NULL)
			return true;
		to->kind = KIND_NULL;
		return false;
	}
	return true;
}

bool document_clone(struct heap *h, struct document *doc)
{
	return value_clone(h, &doc->clone, &doc->tree);
}

bool document_copy(struct heap *h, struct document *to, const struct document *from)
{
	return value_clone(h, &to->tree, &from->tree);
}

void document_free(struct heap *h, struct document *doc)
{
	heap_free(h, doc->bytes.bytes, doc->bytes.cap);
	doc->bytes = (struct buffer){0};
	value_free(h, &doc->clone);
	value_free(h, &doc->tree);
}
