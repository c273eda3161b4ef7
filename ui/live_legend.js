// A legend whose classes are buttons: pressing one draws it alone, pressing it again draws all. What comes from data is put in
// as text, never as markup.

const make = (name, text, parent, more = {}) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  Object.assign(element, more);
  parent.append(element);
  return element;
};

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector('.daomap-legend');
  const held = root.querySelector('button:focus')?.dataset.key;
  root.replaceChildren();
  make('b', data.title, root);
  make('p', data.unit, root);
  const table = make('table', '', root);
  const head = make('tr', '', make('thead', '', table));
  make('td', '', head);
  make('td', '', head);
  make('th', data.caption, head, { scope: 'col' });
  const body = make('tbody', '', table);
  const press = (key) => () => setTriggerValue('pressed', key);
  for (const [colour, label, count, key, kind] of data.rows) {
    const alone = key !== '' && key === data.only;
    const row = make('tr', '', body, { className: alone ? 'only' : '' });
    make('i', '', make('td', '', row), { className: kind }).style.backgroundColor = colour;
    const cell = make('td', key === '' ? label : '', row);
    make('td', count, row);
    if (key === '') continue;
    const button = make('button', label, cell, { type: 'button', title: data.press, onclick: press(key) });
    button.dataset.key = key;
    button.setAttribute('aria-pressed', String(alone));
  }
  if (data.rows.some((row) => row[3] !== '' && row[3] === data.only)) {
    make('button', data.all, make('p', '', root), { type: 'button', className: 'all', onclick: press(data.only) });
  } else if (data.rows.some((row) => row[3] !== '')) {
    make('p', data.press, root, { className: 'daomap-not-printed' });
  }
  for (const line of data.strong) make('p', line, root, { className: 'strong' });
  for (const line of data.notes) make('p', line, root);
  if (held !== undefined) root.querySelector(`button[data-key="${held}"]`)?.focus();
}
