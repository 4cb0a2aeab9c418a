// What a page does only while its run goes on: it puts what the server tells into
// place, and asks for the report when its figures have changed. Each message says
// all there is, so none has to be remembered.
(() => {
	'use strict';
	const report = document.getElementById('report');
	let now = document.getElementById('now');
	let figures = Number(now.dataset.figures);
	let busy = false, source = null;

	// fetched gives what the server has under a path; nothing where it has gone.
	const fetched = async (path) => {
		const answer = await fetch(path);
		if (!answer.ok) throw new Error(path + ': ' + answer.status);
		return answer;
	};

	// put puts values into place.
	const put = (values) => {
		for (const e of now.querySelectorAll('[data-text]')) {
			const text = values[e.dataset.text] ?? '';
			if (e.textContent !== text) e.textContent = text;
		}
		for (const e of now.querySelectorAll('[data-d]')) e.setAttribute('d', values[e.dataset.d] ?? '');
		for (const e of now.querySelectorAll('[data-value]')) {
			const value = values[e.dataset.value] ?? '';
			if (value === '') e.removeAttribute('value');
			else e.value = Number(value);
		}
		for (const e of now.querySelectorAll('[data-mark-of]')) e.dataset.mark = values[e.dataset.markOf] ?? '';
		for (const e of now.querySelectorAll('[data-bad-of]')) e.dataset.bad = values[e.dataset.badOf] ?? '';
	};

	// reframe has the part that shows what happens now laid out anew.
	const reframe = async () => {
		const open = now.querySelector('details').open;
		const box = document.createElement('template');
		box.innerHTML = await (await fetched('now')).text();
		const fresh = box.content.getElementById('now');
		if (now.dataset.frame.startsWith('rounds') === fresh.dataset.frame.startsWith('rounds')) fresh.querySelector('details').open = open;
		now.replaceWith(fresh);
		now = fresh;
	};

	// refill has the report drawn anew.
	const refill = async () => {
		const answer = await fetched('report');
		const text = await answer.text();
		figures = Number(answer.headers.get('X-Figures'));
		report.innerHTML = text;
		window.stepper?.enhance?.(report);
	};

	const take = async (message) => {
		connected(true);
		const told = JSON.parse(message.data);
		if (told.frame === now.dataset.frame) put(told.values);
		if (busy || told.frame === now.dataset.frame && told.figures === figures) return;
		busy = true;
		try {
			if (told.frame !== now.dataset.frame) await reframe();
			if (told.figures !== figures) await refill();
		} catch {
			connected(false); // the next message comes when the server is back
		} finally {
			busy = false;
		}
	};

	const connected = (yes) => { now.querySelector('.now-lost').hidden = yes; };

	const open = () => {
		if (source) return;
		source = new EventSource('events');
		source.onmessage = take;
		source.addEventListener('over', () => {
			source.close();
			location.reload();
		});
		source.onerror = () => {
			connected(false);
			// A server that refuses is asked again, too.
			if (source && source.readyState === EventSource.CLOSED) {
				close();
				setTimeout(() => { if (!document.hidden) open(); }, 3000);
			}
		};
	};
	const close = () => {
		source?.close();
		source = null;
	};

	// A page that nobody sees costs the run nothing.
	document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
	window.addEventListener('pagehide', close);
	window.addEventListener('pageshow', (e) => { if (e.persisted) open(); });
	if (!document.hidden) open();
})();
