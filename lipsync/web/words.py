"""What the page says, in English and in Russian."""

from __future__ import annotations

from lipsync.errors import LANGUAGES, SENTENCES, not_a_picture
from lipsync.file_formats import PICTURES, VIDEOS, names

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("A portrait that speaks your words", "Портрет говорит вашими словами"),
    "lead": (
        "Write something, pick a face, and watch it say so. All of it happens on this machine.",
        "Напишите текст, выберите лицо — и оно это скажет. Всё происходит на этой машине.",
    ),
    "page_language": ("Language of the page", "Язык страницы"),
    "needs_script": (
        "This page needs JavaScript; the API works without it.",
        "Этой странице нужен JavaScript; API работает и без него.",
    ),
    "text": ("Text", "Текст"),
    "text_hint": ("What should the portrait say?", "Что должен сказать портрет?"),
    "example": ("Use an example", "Взять пример"),
    "example_en": (
        "Good evening! I have been hanging on this wall for a hundred and eighty years. "
        "How nice to say a word at last.",
        "Good evening! I have been hanging on this wall for a hundred and eighty years. "
        "How nice to say a word at last.",
    ),
    "example_ru": (
        "Добрый вечер! Я вишу на этой стене сто восемьдесят лет. Как приятно наконец заговорить!",
        "Добрый вечер! Я вишу на этой стене сто восемьдесят лет. Как приятно наконец заговорить!",
    ),
    "characters": ("{count} of {limit} characters", "{count} из {limit} символов"),
    "language": ("Language", "Язык"),
    "language_auto": ("By the text", "По тексту"),
    "voice": ("Voice", "Голос"),
    "voice_any": ("Automatic", "Авто"),
    "speed": ("Speed of speech", "Скорость речи"),
    "times": ("× {n}", "× {n}"),
    "fallback": ("{sentence} {voice} went on.", "{sentence} Продолжил {voice}."),
    "own_voice": ("A voice of your own", "Свой голос"),
    "own_voice_hint": (
        "6 seconds to 10 minutes of one person talking, close to the microphone, without music. The recording is not "
        "kept; what makes the voice is.",
        "От 6 секунд до 10 минут речи одного человека, близко к микрофону, без музыки. Запись не хранится — "
        "хранятся только особенности голоса.",
    ),
    "record": ("Record", "Записать"),
    "stop": ("Stop", "Остановить"),
    "recording": ("Recording: {n} s", "Идёт запись: {n} с"),
    "recording_first": ("Stop the recording first.", "Сначала остановите запись."),
    "no_microphone": (
        "The microphone cannot be used: allow it in the browser, or choose a file.",
        "Микрофон недоступен: разрешите его в браузере или выберите файл.",
    ),
    "choose_sounds": ("Choose sound files, or drop them here", "Выбрать звуковые файлы или бросить их сюда"),
    "voice_name": ("Name", "Имя"),
    "may_use": (
        "I may use this voice: it is mine, or the person has allowed it.",
        "Я вправе использовать этот голос: он мой, или его владелец разрешил.",
    ),
    "add_voice": ("Add this voice", "Добавить голос"),
    "adding": ("Listening to it…", "Слушаем…"),
    "added": ("{name} can speak now.", "{name}: теперь можно говорить этим голосом."),
    "remove": ("Remove", "Убрать"),
    "delete_voice": ("Delete this voice", "Удалить голос"),
    "portrait": ("Portrait", "Портрет"),
    "own": ("Your picture", "Ваша картинка"),
    "own_video": ("Your video", "Ваше видео"),
    "house": ("This server's own", "Портрет этого сервера"),
    "choose": ("Choose a picture of your own", "Выбрать свою картинку"),
    "choose_video": ("Choose a picture or a video of your own", "Выбрать свою картинку или видео"),
    "drop": (
        f"or drop it here — {names(PICTURES)}",
        f"или бросьте файл сюда — {names(PICTURES)}",
    ),
    "drop_video": (
        f"or drop it here — {names(PICTURES)}; a short video: {names(VIDEOS)}",
        f"или бросьте файл сюда — {names(PICTURES)}; короткое видео: {names(VIDEOS)}",
    ),
    "drop_no_video": (
        f"or drop it here — {names(PICTURES)}. This server has no Wav2Lip, which a video needs.",
        f"или бросьте файл сюда — {names(PICTURES)}. Для видео нужен Wav2Lip, его на этом сервере нет.",
    ),
    "generate": ("Generate", "Создать видео"),
    "cancel": ("Cancel", "Отменить"),
    "kept": (
        "What you type and choose stays in this browser until you clear it, and no longer than 30 days.",
        "Всё, что вы ввели и выбрали, хранится в этом браузере, пока вы не очистите, но не дольше 30 дней.",
    ),
    "clear": ("Clear", "Очистить"),
    "clear_sure": ("Clear everything?", "Очистить всё?"),
    "shortcut": ("Ctrl + Enter", "Ctrl + Enter"),
    "loading": (
        "The service is still loading. It takes a few seconds.",
        "Сервис ещё загружается. Это займёт несколько секунд.",
    ),
    "working": ("Making the video", "Создаём видео"),
    "doing_queued": ("Waiting in line: number {n}", "Ожидание в очереди: место {n}"),
    "doing_portrait": ("Preparing the portrait", "Готовим портрет"),
    "doing_speech": ("Speaking the text", "Озвучиваем текст"),
    "doing_render": ("Drawing the frames", "Рисуем кадры"),
    "doing_finish": ("Finishing the video", "Завершаем видео"),
    "left": ("about {time} left", "осталось примерно {time}"),
    "longer": ("a little longer than expected…", "чуть дольше, чем ожидалось…"),
    "seconds": ("{n} s", "{n} с"),
    "minutes": ("{n} min {s} s", "{n} мин {s} с"),
    "ready": (
        "Ready: {duration} of video, made in {took}.",
        "Готово: {duration} видео, сделано за {took}.",
    ),
    "cancelled": ("Cancelled.", "Отменено."),
    "recent": ("Recent videos", "Недавние видео"),
    "more": ("Show more", "Показать ещё"),
    "length": ("{n} characters", "символов: {n}"),
    "sent_picture": ("A picture of one's own", "Своя картинка"),
    "waiting": ("Waiting in line", "Ждёт очереди"),
    "making": ("Being made: {n}%", "Создаётся: {n}%"),
    "delete_video": ("Delete the video", "Удалить видео"),
    "really": ("Delete?", "Удалить?"),
    "dismiss": ("Remove from the list", "Убрать из списка"),
    "key_needed": ("This server asks for a key", "Этот сервер просит ключ"),
    "key_hint": (
        "The key is sent once; then this browser is known for 30 days, or until you leave.",
        "Ключ отправляется один раз; после этого браузер узнают 30 дней или пока вы не выйдете.",
    ),
    "key_empty": ("Type or paste the key.", "Введите или вставьте ключ."),
    "enter": ("Enter", "Войти"),
    "leave": ("Leave", "Выйти"),
    "stage": ("Video", "Видео"),
    "download": ("Download the video", "Скачать видео"),
    "timings": ("What took how long", "Что сколько заняло"),
    "stage_portrait": ("Portrait", "Портрет"),
    "stage_speech": ("Speech", "Речь"),
    "stage_track": ("Motion of the face", "Движение лица"),
    "stage_render": ("Frames", "Кадры"),
    "stage_encode": ("Waiting for the encoder", "Ожидание кодировщика"),
    "stage_wait": ("Waiting in line", "Ожидание в очереди"),
    "stage_first_frame": ("First frame after", "Первый кадр через"),
    "stage_total": ("Altogether", "Всего"),
    "network": (
        "The server cannot be reached: see that it is running, then try again.",
        "Сервер не отвечает: проверьте, что он запущен, и попробуйте ещё раз.",
    ),
    "server": ("The server answered with error {status}.", "Сервер ответил ошибкой {status}."),
    "unplayable": (
        "This browser cannot play the video; it can be downloaded.",
        "Этот браузер не может показать видео, но его можно скачать.",
    ),
    "footer": ("The same from a terminal", "То же из терминала"),
}


def words() -> dict[str, dict[str, str]]:
    """All words by language of the page, and under ``error_…`` the sentences that the page says by itself."""
    said = {
        language: {key: versions[index] for key, versions in _WORDS.items()}
        for index, language in enumerate(LANGUAGES)
    }
    for language in LANGUAGES:
        for code in ("file_too_large", "video_needs_wav2lip"):
            said[language][f"error_{code}"] = getattr(SENTENCES[code], language)
        said[language]["error_not_a_picture"] = not_a_picture(None).sentence(language)
    return said
