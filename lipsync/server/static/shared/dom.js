// @ts-check
// Typed access to the elements of a page, and updates that touch only what has changed.

/**
 * The element with this id. Throws where the page has none, or one of another kind.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{ new (): T }} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} with the id "${id}"`);
  return element;
}

/**
 * A new element with these properties.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function createElement(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/**
 * Sets the text of `element` unless it has that text already: screen readers announce every assignment in a live region.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` match `items` by key: children are kept, moved, created or removed; `update` then
 * brings each up to date.
 *
 * @template T
 * @template {HTMLElement} C
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {{ key: (item: T) => string, create: (item: T) => C, update: (child: C, item: T) => void }} options
 */
export function reconcile(parent, items, { key, create, update }) {
  const unused = new Map([...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const itemKey = key(item);
    let child = /** @type {C | undefined} */ (unused.get(itemKey));
    unused.delete(itemKey);
    if (!child) {
      child = create(item);
      child.dataset.key = itemKey;
    }
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
    update(child, item);
  }
  for (const child of unused.values()) child.remove();
}

/**
 * Selects the option of this value, if the list has it.
 *
 * @param {HTMLSelectElement} list
 * @param {unknown} value
 */
export function selectIfPresent(list, value) {
  if ([...list.options].some((option) => option.value === value)) list.value = String(value);
}
