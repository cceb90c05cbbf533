"""What the admin page says, in English and in Russian."""

from __future__ import annotations

from lipsync.errors import LANGUAGES

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("The server", "Сервер"),
    "lead": (
        "Its queue, its jobs, and what went wrong. Texts are not shown here.",
        "Очередь, задания и ошибки. Тексты здесь не показываются.",
    ),
    "page_language": ("Language of the page", "Язык страницы"),
    "needs_script": ("This page needs JavaScript.", "Этой странице нужен JavaScript."),
    "home": ("To the page", "На страницу"),
    "lost": ("The server does not answer; trying again…", "Сервер не отвечает, пробуем снова…"),
    "not_allowed": (
        "The key is missing or may not do that: sign in on the page with a key that may.",
        "Ключа нет или ему такое не разрешено: войдите на странице с ключом, которому можно.",
    ),
    "ready": ("Takes work", "Принимает задания"),
    "not_ready": ("Takes no work", "Не принимает задания"),
    "uptime": ("Up for", "Работает"),
    "waiting": ("Waiting", "В очереди"),
    "of": ("{count} of {limit}", "{count} из {limit}"),
    "running": ("Running", "Выполняется"),
    "done": ("Done", "Готово"),
    "failed": ("Failed", "С ошибкой"),
    "cancelled": ("Cancelled", "Отменено"),
    "queued": ("Waiting", "В очереди"),
    "requests": ("Open requests", "Открытых запросов"),
    "watchers": ("Watching live", "Смотрят вживую"),
    "threads": ("Threads", "Потоков"),
    "files": ("Open files", "Открытых файлов"),
    "memory": ("Memory", "Память"),
    "resident": ("taken by the server", "занимает сервер"),
    "free_of": ("{free} free of {total}", "свободно {free} из {total}"),
    "gpu": ("Memory of the GPU", "Память видеокарты"),
    "now": ("In the making", "Сейчас делается"),
    "next": ("Next", "Следующие"),
    "errors": ("What went wrong", "Что пошло не так"),
    "recent": ("Recent jobs", "Последние задания"),
    "disk": ("Disk", "Диск"),
    "versions": ("Versions", "Версии"),
    "nothing": ("Nothing.", "Ничего."),
    "job": ("Job", "Задание"),
    "owner": ("Whose", "Чьё"),
    "avatar": ("Avatar", "Портрет"),
    "language": ("Language", "Язык"),
    "characters": ("Characters", "Символов"),
    "progress": ("Progress", "Готовность"),
    "left": ("Left", "Осталось"),
    "stage_portrait": ("portrait", "портрет"),
    "stage_speech": ("speech", "речь"),
    "stage_render": ("frames", "кадры"),
    "stage_finish": ("finishing", "завершение"),
    "since": ("Waiting since", "Ждёт с"),
    "state": ("State", "Состояние"),
    "ended": ("Ended", "Когда"),
    "duration": ("Video", "Видео"),
    "took": ("Made in", "Сделано за"),
    "engine": ("Engine", "Движок"),
    "voice": ("Voice", "Голос"),
    "when": ("When", "Когда"),
    "code": ("Code", "Код"),
    "sentence": ("Sentence", "Описание"),
    "where": ("Where", "Где"),
    "request": ("Request", "Запрос"),
    "folder": ("Folder", "Папка"),
    "used": ("Used", "Занято"),
    "limit": ("At most", "Не больше"),
    "free": ("Free", "Свободно"),
    "outputs": ("Videos", "Видео"),
    "cache": ("Cache", "Кэш"),
    "database": ("Database", "База данных"),
    "cancel": ("Cancel", "Отменить"),
    "seconds": ("{n} s", "{n} с"),
    "minutes": ("{n} min", "{n} мин"),
    "hours": ("{n} h", "{n} ч"),
    "days": ("{n} d", "{n} д"),
    "megabytes": ("{n} MB", "{n} МБ"),
    "gigabytes": ("{n} GB", "{n} ГБ"),
}


def admin_words() -> dict[str, dict[str, str]]:
    """All words by language of the page."""
    return {
        language: {key: versions[index] for key, versions in _WORDS.items()}
        for index, language in enumerate(LANGUAGES)
    }
